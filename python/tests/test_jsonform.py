from __future__ import annotations

import collections
import dataclasses
import datetime
import decimal
import enum
import json
import math
import pathlib
from array import array

import pytest

from remotemedia.media import Audio, Binary, Control, File, Image, Tensor, Text, Video
from remotemedia.runtime.jsonform import (
    JSONDecodeError,
    dumps,
    format_int,
    from_json,
    loads,
    parse_int,
    to_form,
    to_json,
    write_json,
)
from remotemedia.runtime.values import ValueFormError, plain


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        (20.0, "20.0"),
        (20, "20"),
        (-0.0, "-0.0"),
        (1e300, "1e+300"),
        (2**64 + 1, "18446744073709551617"),
        (math.inf, '{"$float":"inf"}'),
        (-math.inf, '{"$float":"-inf"}'),
        ('é\n"', '"é\\n\\""'),
        (b"ab", '{"$bytes":"YWI="}'),
        ((1, [2]), '{"$tuple":[1,[2]]}'),
        ({}, "{}"),
        ({"a": 1}, '{"a":1}'),
        ({1: "x", (2,): None}, '{"$dict":[[1,"x"],[{"$tuple":[2]},null]]}'),
        ({"$x": 1}, '{"$object":{"$x":1}}'),
        ({"$bytes": "no"}, '{"$object":{"$bytes":"no"}}'),
        ({"$x": 1, "y": 2}, '{"$x":1,"y":2}'),
    ],
)
def test_there_and_back(value, text):
    assert dumps(value) == text
    back = loads(text)
    assert back == value and type(back) is type(value)
    assert math.copysign(1, back) == math.copysign(1, value) if value == 0 else True
    json.loads(text)


def test_nan():
    assert dumps(math.nan) == '{"$float":"nan"}'
    assert math.isnan(loads('{"$float":"nan"}'))
    assert loads("[NaN, Infinity, -Infinity]")[1:] == [math.inf, -math.inf]


@pytest.mark.parametrize("value", [10**4300 - 1, 1 - 10**4300, 3**5000], ids=["9", "-9", "3"])
def test_long_integers(value):
    assert parse_int(format_int(value)) == value
    assert loads(dumps(value)) == value


@pytest.mark.parametrize("bits", [14285, 20_000, 10_000_000])
def test_integers_that_are_too_long(bits):
    value = -(1 << bits)
    for work in (lambda: format_int(value), lambda: dumps([value]), lambda: plain(value)):
        with pytest.raises(ValueFormError, match="the integer has more than 4300 digits"):
            work()
    with pytest.raises(ValueFormError, match="the integer has more than 4300 digits"):
        loads(f"[-{'7' * 1_000_000}]")


def test_a_mark_at_the_start_is_passed_over():
    assert loads("\ufeff[1, 2]") == [1, 2]
    assert loads(b"\xef\xbb\xbf[1, 2]") == [1, 2]


@pytest.mark.parametrize("text", [r'"\ud800"', r'"x\udc00"', r'["\ud800x"]', r'{"\ud800": 1}'])
def test_half_surrogates(text):
    with pytest.raises(ValueFormError, match="half of a surrogate pair is no text"):
        loads(text)


def test_media_are_checked_on_the_way_out():
    tensor = Tensor(bytes(4), (1,), "f32")
    tensor.shape = (5,)
    for work in (dumps, plain):
        with pytest.raises(ValueFormError, match="takes 20 bytes, not 4"):
            work(tensor)


MEDIA = [
    Audio(array("f", [0.0, 0.5]), 8000, 2, "s", 5, {"k": (1, b"x")}),
    Audio(b"", 1),
    Video(bytes(12), 2, 2, "rgb24", None, 1, 2, True, "s"),
    Image(b"x", "png", 1, 1),
    Image(bytes(4), "raw", 2, 2, pixel_format="gray8"),
    Tensor(bytes(24), (2, 3), "f32", "NC"),
    Text("t", "en"),
    Binary(b"\0", "a/b"),
    File("p", size=3),
    Control("batch-hint", "s", 9),
]


@pytest.mark.parametrize("media", MEDIA, ids=repr)
def test_media_there_and_back(media):
    text = dumps(media)
    assert text.startswith('{"$' + type(media).__name__.lower())
    assert loads(text) == media


def test_media_form():
    assert to_json(Audio(array("f", [1.0]), 8000, 1)) == {
        "$audio": {"samples": "AACAPw==", "sample_rate": 8000, "channels": 1}
    }
    both = Audio(b"", 1, stream_id="s", timestamp_us=5, metadata={"a": [1]})
    assert dumps(both) == (
        '{"$audio":{"samples":"","sample_rate":1,"channels":1,"stream_id":"s",'
        '"timestamp_us":5,"metadata":{"a":[1]}}}'
    )
    assert loads('{"$control":{"kind":"cancel_speculation"}}').kind == "cancel-speculation"


def test_keys_given_twice():
    with pytest.raises(ValueFormError, match="'a' is given twice"):
        loads('[{"a": 1, "a": 2}]')


def test_subclasses_count_as_what_they_extend():
    class Number(enum.IntEnum):
        ONE = 1

    class Word(str):
        pass

    Point = collections.namedtuple("Point", "x y")
    value = {
        Word("a"): Number.ONE,
        "b": collections.OrderedDict(c=collections.defaultdict(int)),
        "d": Point(1, bytearray(b"x")),
        "e": memoryview(b"y"),
    }
    result = plain(value)
    assert result == {"a": 1, "b": {"c": {}}, "d": (1, b"x"), "e": b"y"}
    assert [type(v) for v in result.values()] == [int, dict, tuple, bytes]
    assert type(next(iter(result))) is str
    assert dumps(Word("a")) == '"a"'


@dataclasses.dataclass
class Record:
    size: int = 1


@pytest.mark.parametrize(
    ("value", "advice"),
    [
        ({1}, "convert it to a list, for example with sorted()"),
        (range(3), "convert it to a list, for example with list()"),
        (1j, "convert it to a tuple of its parts"),
        (datetime.date(2024, 1, 2), "for example with its isoformat()"),
        (datetime.timedelta(1), "convert it with its total_seconds()"),
        (decimal.Decimal(1), "convert it to a string or a float"),
        (pathlib.PurePosixPath("a"), "convert it with str()"),
        (iter([1]), "give its items one by one, or convert it to a list"),
        ([array("f")], "an array is an item of its own"),
        (Record(), "convert it with dataclasses.asdict()"),
        (enum.Enum("Side", "LEFT").LEFT, "give its value"),
        (len, "a function or class can't be data"),
        (object(), "give plain data"),
    ],
)
def test_advice(value, advice):
    with pytest.raises(ValueFormError, match=r"^x(\[0\])?: .* has no plain form; ") as raised:
        plain(value, "x")
    assert advice in str(raised.value)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"results": {"x": {1}}}, r"^results\.x: set has no plain form; convert it to a list, for"),
        ([1, [object()]], r"^\[1\]\[0\]: object has no plain form"),
        ({"a b": 1j}, r'^\["a b"\]: complex'),
        (
            [Text("x")],
            r"^\[0\]: remotemedia.media.Text has no plain form; a medium is an item by itself",
        ),
        ({frozenset(): 1}, "frozenset"),
        (print, "can't be data"),
        ((i for i in ()), "list"),
        (["\ud800"], r"^\[0\]: text with half a surrogate"),
        (Audio(b"", 1, metadata={"x": {1}}), r"^metadata\.x: set"),
    ],
)
def test_what_has_no_form(value, message):
    with pytest.raises(ValueFormError, match=message):
        dumps(value)


def test_cycles_and_depth():
    loop: list = []
    loop.append(loop)
    with pytest.raises(ValueFormError, match="contains itself"):
        dumps(loop)
    shared: list = [1]
    assert plain([shared, shared]) == [[1], [1]]
    deep: object = 1
    for _ in range(128):
        deep = [deep]
    assert loads(dumps(deep)) == deep
    with pytest.raises(ValueFormError, match="deep"):
        dumps([deep])
    with pytest.raises(ValueFormError, match="deep"):
        loads("[" * 129 + "]" * 129)
    with pytest.raises(ValueFormError, match="deep"):
        loads("[" * 200000 + "]" * 200000)
    # Bytes are no level, although they are written as an object.
    assert loads("[" * 128 + '{"$bytes": ""}' + "]" * 128)
    with pytest.raises(ValueFormError, match="deep"):
        loads('{"$dict": [[1,' * 129 + "1" + "]]}" * 129)
    with pytest.raises(JSONDecodeError):
        loads("[" + "[]," * 400 + '"' + '\\"' * 300_000)


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ({"$what": 1}, r"unknown form '\$what'"),
        ({"a": {"$float": "big"}}, r"^a: \$float must be"),
        ({"$bytes": "?"}, "base64"),
        ({"$bytes": 3}, "base64"),
        ({"$tuple": 3}, "must hold a list"),
        ({"$dict": [[1]]}, "pairs"),
        ({"$dict": [[[], 1]]}, "a list can't be the key of a mapping"),
        ({"a": [1, {"b c": {"$float": []}}]}, r'^a\[1\]\["b c"\]: \$float must be'),
        ({"$object": []}, "must hold an object"),
        ([{"$audio": {}}], r"^\[0\]: \$audio stands for a whole item"),
        ({"$audio": []}, "must hold an object"),
        ({"$audio": {"rate": 1}}, "no field 'rate'"),
        ({"$audio": {"samples": ""}}, "sample_rate"),
        ({"$image": {"data": "", "format": "bmp", "width": 1, "height": 1}}, "none of jpeg"),
    ],
)
def test_what_is_no_item(form, message):
    with pytest.raises(ValueFormError, match=message):
        from_json(form)


def test_forms_within_what_may_hold_them():
    value = {"a": [1, (2, b"x"), {"$tuple": [3]}], "b": {1: float("nan")}, "c": "ä", "d": True}
    form = to_form(value)
    assert write_json(form) == (
        '{"a":[1,{"$tuple":[2,{"$bytes":"eA=="}]},{"$tuple":[3]}],'
        '"b":{"$dict":[[1,{"$float":"nan"}]]},"c":"ä","d":true}'
    )
    for wrong, path in (
        ({"a": [0, {1}]}, r"a\[1\]"),
        ({"a b": ("x", {"c": {1}})}, r'\["a b"\]\[1\]\.c'),
        ({"x": 10**5000}, "x"),
        ({"x": ["\ud800"]}, r"x\[0\]"),
    ):
        with pytest.raises(ValueFormError, match=f"^{path}: "):
            to_form(wrong)
    around = []
    around.append(around)
    with pytest.raises(ValueFormError, match="nested more than"):
        to_form(around)
