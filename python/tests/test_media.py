from __future__ import annotations

import copy
import pickle
from array import array

import pytest

from remotemedia.media import Audio, Binary, Control, File, Image, Tensor, Text, Video


def test_audio_takes_any_buffer():
    floats = array("f", [0.0, 0.5, -0.5, 1.0])
    for samples in (
        floats,
        floats.tobytes(),
        bytearray(floats.tobytes()),
        memoryview(floats),
        memoryview(floats.tobytes()),
        list(floats),
    ):
        audio = Audio(samples=samples, sample_rate=8000, channels=2)
        assert audio.view.format == "f" and audio.view.tolist() == [0.0, 0.5, -0.5, 1.0]
        assert memoryview(audio.samples).format == "f"
        assert audio.frames == 2 and audio.duration == 2 / 8000
        assert audio == Audio(floats, 8000, 2)
    assert Audio(floats, 8000).samples is floats
    floats[0] = 1.0
    assert Audio(floats, 8000).view[0] == 1.0


def test_views_are_not_copies():
    data = bytearray(4)
    binary = Binary(data)
    data[0] = 7
    assert binary.view[0] == 7
    tensor = Tensor(data, (2,), "i16")
    assert tensor.view.format == "h" and tensor.view.tolist() == [7, 0]
    assert Tensor(array("d", [1.5]), (), "f64").view.tolist() == [1.5]


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Audio(b"123", 8000), ValueError, "32-bit floats"),
        (lambda: Audio(array("d"), 8000), TypeError, "32-bit floats"),
        (lambda: Audio(3, 8000), TypeError, "buffer"),
        (lambda: Audio(bytes(12), 8000, 2), ValueError, "frames of 2 channels"),
        (lambda: Audio(b"", 0), ValueError, "sample_rate must be at least 1"),
        (lambda: Audio(b"", 8000, 0), ValueError, "channels"),
        (lambda: Audio(b"", 8000.0), TypeError, "must be an int"),
        (lambda: Audio(b"", 8000, stream_id=1), TypeError, "stream_id must be a str"),
        (lambda: Video(b"", 1, 1), ValueError, "1x1 pixels of rgb24 take 3 bytes, not 0"),
        (lambda: Video(b"", 1, 1, "rgb"), ValueError, "none of"),
        (lambda: Image(b"", "raw", 0, 0), ValueError, "pixel_format None"),
        (lambda: Image(b"", "png", 0, 0, pixel_format="rgb24"), ValueError, "raw images"),
        (lambda: Tensor(b"", (1,)), ValueError, "takes 4 bytes"),
        (lambda: Tensor(b"", (-1,)), ValueError, "from 0 up"),
        (lambda: Tensor(b"", (0,), "float32"), ValueError, "none of"),
        (lambda: Text(1), TypeError, "must be a str"),
        (lambda: Binary("x"), TypeError, "bytes-like"),
        (lambda: File("x", size=-1), ValueError, "size"),
        (lambda: Control("stop"), ValueError, "cancel-speculation"),
    ],
)
def test_checks(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_planar_sizes():
    assert Video(bytes(9 + 8), 3, 3, "yuv420p").view.nbytes == 17
    assert Video(bytes(6), 2, 2, "nv12").view.nbytes == 6
    assert Video(b"anything", 2, 2, "encoded", "vp8").codec == "vp8"


def test_copies_and_equality():
    audio = Audio(array("f", [1.0]), 8000, metadata={"a": []})
    deep = copy.deepcopy(audio)
    assert deep == audio and deep.samples is not audio.samples
    deep.metadata["a"].append(1)
    assert audio.metadata == {"a": []} and deep != audio
    assert copy.copy(audio).samples is audio.samples
    assert pickle.loads(pickle.dumps(audio)) == audio
    binary = Binary(b"x")
    assert copy.deepcopy(binary).bytes is binary.bytes
    assert binary != Text("x")
    assert binary.replace(mime_type="a/b") == Binary(b"x", "a/b")
    with pytest.raises(TypeError):
        hash(binary)


def test_repr_is_short():
    assert repr(Binary(bytes(1000), "a/b")) == "Binary(bytes=<1000 bytes>, mime_type='a/b')"


def test_subclasses_keep_their_fields():
    class Loud(Audio):
        pass

    loud = Loud(array("f", [1.0]), 8000)
    assert copy.deepcopy(loud) == loud and type(loud.replace(channels=1)) is Loud
