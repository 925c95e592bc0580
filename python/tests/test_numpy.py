"""Arrays and media are one thing."""

from __future__ import annotations

import sys
from array import array

import numpy as np
import pytest

from remotemedia import Node, run
from remotemedia.media import DTYPES, Audio, Binary, Image, Tensor, Text, Video
from remotemedia.runtime.values import ValueFormError, plain

KINDS = {"u": np.unsignedinteger, "i": np.signedinteger, "f": np.floating, "b": np.bool_}


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_tensor_is_an_array(dtype):
    size = DTYPES[dtype][0]
    tensor = Tensor(bytearray(6 * size), (2, 3), dtype)
    view = np.asarray(tensor)
    assert view.shape == (2, 3) and view.itemsize == size
    assert np.issubdtype(view.dtype, KINDS[dtype[0]])
    view[1, 2] = 1
    assert np.asarray(tensor)[1, 2] == 1 and any(tensor.data)
    again = Tensor(view)
    assert (again.shape, again.dtype) == ((2, 3), dtype) and again == tensor
    assert np.shares_memory(np.asarray(again), view)
    out = plain(view)
    assert type(out) is Tensor and out == tensor


def test_shapes_of_tensors():
    for shape in ((), (0,), (2, 0, 3), (1, 1)):
        value = np.zeros(shape, "f4")
        tensor = Tensor(value)
        assert tensor.shape == shape and np.asarray(tensor).shape == shape
        assert plain(value) == tensor
    apart = np.arange(6, dtype="i2").reshape(2, 3).T
    assert Tensor(apart).view.tolist() == [0, 3, 1, 4, 2, 5]
    assert np.asarray(Tensor(apart)).tolist() == apart.tolist()
    assert plain(array("d", [1.5])) == Tensor(array("d", [1.5]), (1,), "f64")


def test_audio_is_an_array():
    samples = np.arange(6, dtype="f4").reshape(3, 2)
    stereo = Audio(samples, 8000)
    assert (stereo.frames, stereo.channels) == (3, 2)
    view = np.asarray(stereo)
    assert view.tolist() == samples.tolist() and np.shares_memory(view, samples)
    mono = Audio(samples[:, 0], 8000)
    assert mono.channels == 1 and np.asarray(mono).tolist() == [0, 2, 4]
    assert Audio(samples, 8000, 1).frames == 6
    with pytest.raises(TypeError, match="astype"):
        Audio(np.zeros(4), 8000)
    with pytest.raises(TypeError, match="astype"):
        Audio(np.zeros(4)[::2], 8000)


def test_pixels_are_an_array():
    frame = np.zeros((2, 3, 3), "u1")
    assert np.asarray(Video(frame, 3, 2)).shape == (2, 3, 3)
    assert np.asarray(Video(bytes(6), 3, 2, "gray8")).shape == (2, 3)
    assert np.asarray(Video(bytes(9), 2, 3, "nv12", "vp8")).shape == (9,)
    assert np.asarray(Image(bytes(24), "raw", 3, 2, pixel_format="rgba32")).shape == (2, 3, 4)
    assert np.asarray(Image(b"abc", "png", 3, 2)).tolist() == [97, 98, 99]
    assert np.asarray(Binary(b"abc")).tolist() == [97, 98, 99]
    assert not hasattr(Text("x"), "__array_interface__")
    mirrored = Video(np.arange(18, dtype="u1").reshape(2, 3, 3)[..., ::-1], 3, 2, "bgr24")
    assert mirrored.view[:3].tolist() == [2, 1, 0]


def test_numbers_are_plain():
    value = plain(
        {
            "n": [np.int64(7), np.uint8(8), np.bool_(True)],
            "x": (np.float32(0.5), np.float64(0.25), np.longdouble(2)),
            np.int32(3): np.str_("text"),
        }
    )
    assert value == {"n": [7, 8, True], "x": (0.5, 0.25, 2.0), 3: "text"}
    assert [type(it) for it in value["n"]] == [int, int, bool]
    assert {type(it) for it in value["x"]} == {float}
    assert type(next(key for key in value if key == 3)) is int


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.zeros(2, "c8"), "numpy.ndarray of complex64 has no plain form .*astype"),
        (np.zeros(2, ">f4"), "numpy.ndarray of >f4 has no plain form .*astype"),
        (np.array(["a"]), "numpy.ndarray of <U1 has no plain form .*tolist"),
        (np.zeros(2, "M8[s]"), "numpy.ndarray of datetime64.* has no plain form"),
        (np.ma.masked_array([1, 2], [0, 1]), "filled"),
        ({"a": np.zeros(2)}, "a: numpy.ndarray has no plain form; .*tolist"),
        (np.complex64(1), "complex has no plain form"),
    ],
)
def test_what_has_no_form(value, message):
    if sys.byteorder == "big":
        pytest.skip("the types are those of a little-endian machine")
    with pytest.raises(ValueFormError, match=message):
        plain(value)


class Doubles(Node):
    def process(self, data):
        return np.asarray(data) * np.float32(2)


def test_a_pipeline_gives_a_tensor():
    nodes = [{"id": name, "node_type": f"{__name__}:Doubles"} for name in ("a", "b")]
    manifest = {"version": "v1", "nodes": nodes, "connections": [{"from": "a", "to": "b"}]}
    outputs = run(manifest, [Tensor(array("f", [1, 2]))]).outputs
    assert outputs == [Tensor(array("f", [4, 8]))] and type(outputs[0]) is Tensor
