"""The cases of the JSON form that all its readers and writers share: tests/codec."""

from __future__ import annotations

import json
import pathlib

import pytest

from remotemedia.runtime.jsonform import JSONDecodeError, dumps, loads
from remotemedia.runtime.values import ValueFormError

DIRECTORY = pathlib.Path(__file__).parents[2] / "tests/codec"
CASES = [
    case
    for file in sorted(DIRECTORY.glob("*.json"))
    for case in json.loads(file.read_text("utf-8"))["cases"]
    if not case.get("large")
]


def joined(text: str | list[str | dict]) -> str:
    if isinstance(text, str):
        return text
    pieces = (
        piece if isinstance(piece, str) else piece["repeat"] * piece["times"] for piece in text
    )
    return "".join(pieces)


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_case(case):
    text = joined(case["text"])
    if "error" in case:
        with pytest.raises((ValueFormError, JSONDecodeError)) as caught:
            loads(text)
        assert case["error"] in str(caught.value).replace("`", "")
    else:
        assert dumps(loads(text)) == joined(case.get("gives", text))
