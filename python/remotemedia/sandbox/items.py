"""What runs are given: manifests, and items that may be meant for one source."""

from __future__ import annotations

import os
from pathlib import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def manifest_text(manifest: dict[str, Any] | str | os.PathLike[str]) -> str:
    """The text of a manifest: a dict, its text, or a path to it."""
    if isinstance(manifest, dict):
        from ..runtime.jsonform import format_json

        return format_json(manifest)
    text = os.fspath(manifest)
    if "\n" in text or text.lstrip().startswith(("{", "[")):
        return text
    return Path(text).read_text(encoding="utf-8")


class Meant:
    """An item for the source of one id: what `to_node` makes."""

    __slots__ = ("item", "node_id")

    def __init__(self, node_id: str, item: Any) -> None:
        self.node_id = node_id
        self.item = item


def to_node(node_id: str, item: Any) -> Any:
    """An item that only the source of this id gets, wherever items are given."""
    return Meant(node_id, item)
