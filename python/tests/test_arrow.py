"""`remotemedia.arrow`: items to columns and back."""

from __future__ import annotations

import pickle

import pytest

pa = pytest.importorskip("pyarrow")
hypothesis = pytest.importorskip("hypothesis")
np = pytest.importorskip("numpy")

from hypothesis import strategies as st  # noqa: E402

from remotemedia import PipelineRunError, arrow, media  # noqa: E402
from remotemedia.runtime.values import ValueFormError  # noqa: E402

_INTS = st.integers(-(2**63), 2**63 - 1)
_FLOATS = st.floats(allow_nan=False)
_SHORT = st.text(max_size=5)
_RATES = st.integers(1, 2**32 - 1)
_WHOLE = st.none() | st.integers(0, 2**64 - 1)
_BYTES = st.binary(max_size=9)
_PLAIN = st.one_of(st.booleans(), _INTS, _FLOATS, _SHORT, _BYTES, st.lists(_INTS, max_size=3))


@st.composite
def _audio(draw):
    channels = draw(st.integers(1, 3))
    frames = draw(st.integers(0, 4))
    floats = st.floats(width=32, allow_nan=False)
    samples = draw(st.lists(floats, min_size=frames * channels, max_size=frames * channels))
    metadata = draw(st.none() | st.dictionaries(_SHORT, _PLAIN, max_size=3))
    stream = draw(st.none() | _SHORT)
    return media.Audio(samples, draw(_RATES), channels, stream, draw(_WHOLE), metadata)


@st.composite
def _tensor(
    draw, shape=st.lists(st.integers(0, 3), max_size=3), dtype=st.sampled_from([*media.DTYPES])
):
    shape, dtype = tuple(draw(shape)), draw(dtype)
    size = media.DTYPES[dtype][0]
    for extent in shape:
        size *= extent
    data = draw(st.binary(min_size=size, max_size=size))
    if dtype == "bool":
        data = bytes(byte & 1 for byte in data)
    return media.Tensor(data, shape, dtype, draw(st.sampled_from([None, None, None, "NCHW"])))


def _same_tensors():
    shapes = st.lists(st.integers(1, 3), min_size=1, max_size=3)
    return st.tuples(shapes, st.sampled_from([*media.DTYPES])).flatmap(
        lambda it: st.lists(_tensor(st.just(it[0]), st.just(it[1])) | st.none(), max_size=5)
    )


_MEDIA = (
    _audio(),
    _tensor(),
    st.builds(media.Image, _BYTES, st.just("png"), _RATES, _RATES, _WHOLE),
    st.just(media.Image(bytes(12), "raw", 2, 2, pixel_format="rgb24")),
    st.builds(media.Video, _BYTES, _RATES, _RATES, st.just("encoded"), _SHORT),
    st.builds(media.Text, _SHORT, st.none() | _SHORT, st.none() | _SHORT),
    st.builds(media.Binary, _BYTES, st.none() | _SHORT),
    st.builds(media.File, _SHORT, st.none() | _SHORT, size=_WHOLE),
    st.builds(media.Control, st.just("batch-hint"), st.none() | _SHORT, st.integers(0, 99)),
)
_COLUMNS = st.one_of(
    _same_tensors(),
    *(st.lists(st.none() | it, max_size=5) for it in _MEDIA),
    *(
        st.lists(st.none() | it, max_size=5)
        for it in (st.booleans(), _INTS, _FLOATS, _SHORT, _BYTES)
    ),
    st.lists(st.none() | st.lists(st.none() | _INTS, max_size=3), max_size=5),
    st.lists(st.none() | st.fixed_dictionaries({"a": _INTS, "b": st.lists(_SHORT)}), max_size=5),
)


def _plain(items):
    return [bytes(item) if isinstance(item, memoryview) else item for item in items]


@hypothesis.settings(deadline=None, derandomize=True, max_examples=300)
@hypothesis.given(_COLUMNS, st.data())
def test_items_come_back_as_they_were(items, data):
    column = arrow.from_items(items)
    assert _plain(arrow.to_items(column)) == items
    # Parts of columns share their memory with the whole.
    start = data.draw(st.integers(0, len(items)))
    end = data.draw(st.integers(start, len(items)))
    assert _plain(arrow.to_items(column[start:end])) == items[start:end]
    both = pa.chunked_array([column, column[start:end]])
    assert _plain(arrow.to_items(both)) == items + items[start:end]


def test_payloads_are_views_of_the_column():
    audio = arrow.from_items([media.Audio([0.5, -0.5], 8000), media.Audio([1.0], 8000)])
    memory = audio.field("samples").values.buffers()[1]
    given = arrow.to_items(audio)
    for item, first in zip(given, (0, 2), strict=True):
        assert np.asarray(item).ctypes.data == memory.address + 4 * first
    tensors = pa.FixedShapeTensorArray.from_numpy_ndarray(np.arange(12.0).reshape(3, 2, 2))
    given = arrow.to_items(tensors[1:])
    assert [np.asarray(item).tolist() for item in given] == [[[4, 5], [6, 7]], [[8, 9], [10, 11]]]
    memory = tensors.storage.values.buffers()[1]
    assert np.asarray(given[0]).ctypes.data == memory.address + 4 * 8
    raw = pa.array([b"abc", b"de"])
    assert np.asarray(arrow.to_items(raw)[1]).ctypes.data == raw.buffers()[2].address + 3


@pytest.mark.parametrize(
    "column, items",
    [
        (pa.array(["a", "b", "a"]).dictionary_encode(), ["a", "b", "a"]),
        (pa.RunEndEncodedArray.from_arrays([2, 3], ["a", "b"]), ["a", "a", "b"]),
        (pa.array([1.5, None], pa.float16()), [1.5, None]),
        (pa.array([b"ab", b"cd"], pa.binary(2)), [b"ab", b"cd"]),
        (pa.array([b"ab"], pa.binary_view()), [b"ab"]),
        (pa.array(["ab"], pa.string_view()), ["ab"]),
        (pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int8())), [{"a": 1}]),
        (
            pa.array([{"samples": [0.5], "sample_rate": 8000}]),
            [media.Audio([0.5], 8000)],
        ),
        (
            pa.array([{"samples": [0.5, 0.5], "sample_rate": 8000, "channels": 2}, None]),
            [media.Audio([0.5, 0.5], 8000, 2), None],
        ),
        # What has other fields is the user's own.
        (
            pa.array([{"samples": [0.5], "sample_rate": 8000, "who": "me"}]),
            [{"samples": [0.5], "sample_rate": 8000, "who": "me"}],
        ),
        (pa.array([{"text": "a"}]), [{"text": "a"}]),
        (
            pa.array([{"data": [1, 2], "shape": [2], "dtype": "u8"}]).cast(
                pa.struct(
                    {
                        "data": pa.list_(pa.uint8()),
                        "shape": pa.list_(pa.int8()),
                        "dtype": pa.string(),
                    }
                )
            ),
            [media.Tensor(b"\1\2", (2,), "u8")],
        ),
        (
            pa.ExtensionArray.from_storage(
                pa.fixed_shape_tensor(pa.int16(), [2, 3], permutation=[1, 0]),
                pa.array([range(6)], pa.list_(pa.int16(), 6)),
            ),
            [media.Tensor(np.array([[0, 3], [1, 4], [2, 5]], np.int16))],
        ),
    ],
    ids=lambda it: str(getattr(it, "type", "")),
)
def test_columns_of_others(column, items):
    assert _plain(arrow.to_items(column)) == items


@pytest.mark.parametrize(
    "column, message",
    [
        (pa.array([0], pa.timestamp("s")), r"^timestamp\[s\] has no plain form: cast it"),
        (
            pa.array([{"a": [{"b": 0}]}]).cast(
                pa.struct({"a": pa.list_(pa.struct({"b": pa.date64()}))})
            ),
            r"^a\[\]\.b: date64",
        ),
        (
            pa.array([{"samples": [1, 2], "sample_rate": 8000}]),
            "^samples: they must be 32-bit floats, not int64",
        ),
        (pa.array([{"samples": "x", "sample_rate": 1}]), "must be a list of 32-bit floats"),
        (
            pa.array(
                [
                    {"samples": [0.5], "sample_rate": 8000, "channels": 1},
                    {"samples": [0.5], "sample_rate": 8000, "channels": 2},
                ]
            ),
            r"^rows\[1\]: 1 samples do not divide",
        ),
        (
            pa.array([{"samples": None, "sample_rate": 1}, {"samples": [0.5], "sample_rate": 1}]),
            r"^rows\[0\]\.samples: it is missing",
        ),
        (
            pa.array([{"samples": [0.5, None], "sample_rate": 1}]),
            r"^rows\[0\]: an element is missing",
        ),
        (
            pa.array([{"samples": [0.5], "sample_rate": -1}]),
            r"^rows\[0\]: Audio.sample_rate must be",
        ),
        (
            pa.array([{"data": b"abc", "shape": [2], "dtype": "u8"}]),
            r"^rows\[0\]: u8 of shape \(2,\) takes 2 bytes, not 3",
        ),
    ],
)
def test_what_is_no_item_is_named(column, message):
    with pytest.raises(ValueFormError, match=message):
        arrow.to_items(column)


def test_items_that_do_not_fit_are_null_and_named():
    column, problems = arrow.write([1, None, "a", 2.5, [3]])
    assert column.to_pylist() == [1, None, None, 2.5, None]
    assert sorted(problems) == [2, 4]
    assert str(problems[2]) == "str in a column of number"
    column, problems = arrow.write(["1", 2, 2**70, None], pa.int64())
    assert (column.to_pylist(), sorted(problems)) == ([None, 2, None, None], [0, 2])
    column, problems = arrow.write([2**70, 1, {"a": 2}])
    assert (column.to_pylist(), sorted(problems)) == ([None, 1, None], [0, 2])
    column, problems = arrow.write([{"a": 1}, {"a": "b"}, {"b": 2}])
    assert column.to_pylist()[0]["a"] == 1 and sorted(problems) == [1]
    column, problems = arrow.write([media.Text("a"), 1, media.Binary(b"")])
    assert (column.type, sorted(problems)) == (arrow.TEXT, [1, 2])
    column, problems = arrow.write([media.Text("a"), None], pa.string())
    assert (column.to_pylist(), sorted(problems)) == ([None, None], [0])
    column, problems = arrow.write([1, media.Text("a")], pa.int8())
    assert (column.to_pylist(), sorted(problems)) == ([1, None], [1])
    with pytest.raises(ValueFormError, match=r"rows\[1\]: str in a column of number"):
        arrow.from_items([1, "a"])


def test_tensors_have_a_type_of_one_shape_or_of_all():
    two, three = (media.Tensor(np.zeros(size, np.float32)) for size in (2, 3))
    assert arrow.from_items([two, None, two]).type == pa.fixed_shape_tensor(pa.float32(), [2])
    assert arrow.from_items([two, three]).type == arrow.TENSOR
    assert arrow.from_items([two, two], arrow.TENSOR).type == arrow.TENSOR
    kind = pa.fixed_shape_tensor(pa.float32(), [2])
    column, problems = arrow.write([three, two], kind)
    assert column.type == kind and sorted(problems) == [0]
    column, problems = arrow.write([three], kind)
    assert column.null_count == 1 and sorted(problems) == [0]


def test_errors_can_be_sent_to_other_processes():
    for error in (
        ValueFormError("a.b", "no"),
        PipelineRunError("node-failed", "no", "n", "T", 3, "trace", [1], ["p"], []),
    ):
        again = pickle.loads(pickle.dumps(error))
        assert str(again) == str(error) and vars(again) == vars(error)
