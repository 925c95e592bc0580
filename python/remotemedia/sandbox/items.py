"""Items that are meant for one source."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Meant:
    """An item for the source of one id: what `to_node` makes."""

    __slots__ = ("item", "node_id")

    def __init__(self, node_id: str, item: Any) -> None:
        self.node_id = node_id
        self.item = item


def to_node(node_id: str, item: Any) -> Any:
    """An item that only the source of this id gets, wherever items are given."""
    return Meant(node_id, item)
