"""The conformance cases, for Python."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from remotemedia.runtime.jsonform import parse_json

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
