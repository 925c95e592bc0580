"""The conformance cases, for Python."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from remotemedia import PipelineRunError
from remotemedia.runtime.jsonform import format_json, from_json, parse_json, to_json

HERE = Path(__file__).resolve().parent


def read(place: str) -> list[tuple[str, dict[str, Any]]]:
    """The cases whose `runs` name `place`, each with the name of its file."""
    found = []
    for path in sorted(HERE.glob("*.json")):
        cases = parse_json(path.read_text(encoding="utf-8"))
        for case in cases if isinstance(cases, list) else [cases]:
            if place in case["runs"]:
                found.append((path.stem, case))
    return found


def write_nodes(nodes: Mapping[str, str], directory: Path) -> None:
    """Write a case's own modules, given by name and text."""
    for name, text in nodes.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def forms(items: Iterable[Any]) -> list[str]:
    """Items in their JSON form."""
    return [format_json(to_json(item)) for item in items]


def expected(items: Iterable[Any]) -> list[str]:
    """What a case expects, in the one form that `forms` writes."""
    return forms(from_json(form) for form in items)


def compare(case: Mapping[str, Any], run: Callable[[str, list[Any] | None], Any]) -> None:
    """Run a case by a function of a manifest's text and items; what comes of it is as expected."""
    inputs = case.get("inputs")
    if inputs is not None:
        inputs = [from_json(form) for form in inputs]
    text = format_json(case["manifest"])
    expect = case["expect"]
    failure = expect.get("error")
    if failure is None:
        result = run(text, inputs)
        assert forms(result.outputs) == expected(expect["outputs"])
        if "execution_order" in expect:
            assert result.graph.execution_order == expect["execution_order"]
        return
    try:
        result = run(text, inputs)
    except PipelineRunError as caught:
        error = caught
    else:
        raise AssertionError(f"it did not fail, but gave {result.outputs}")
    assert error.kind == failure.get("kind", error.kind)
    said = [error.message, *error.problems]
    assert any(failure.get("message_contains", "") in text for text in said), said
    assert error.node_id == failure.get("node_id", error.node_id)
    assert error.item == failure.get("item", error.item)
    if "outputs" in failure:
        assert forms(error.outputs) == expected(failure["outputs"])
