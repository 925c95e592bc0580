"""A node that works on text."""

from __future__ import annotations

from ..core.exceptions import telling
from ..core.node import Node

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def _first(text: str) -> str:
    return (text.split(None, 1) or [""])[0]


def _last(text: str) -> str:
    return (text.rsplit(None, 1) or [""])[-1]


_OPERATIONS: dict[str, Callable[[str], object]] = {
    "uppercase": str.upper,
    "lowercase": str.lower,
    "reverse": lambda text: text[::-1],
    "word_count": lambda text: len(text.split()),
    "char_count": len,
    "title_case": str.title,
    "remove_spaces": lambda text: text.replace(" ", ""),
    "first_word": lambda text: _first(text.strip()),
    "last_word": lambda text: _last(text.strip()),
}


class TextProcessorNode(Node):
    """Upper-case, reverse, count and more, as the item's `operations` say.

    An item is `{"text": ..., "operations": [...]}`; without operations, `uppercase` is done. An
    item of another shape gives a dict with `error` rather than an exception.
    """

    def process(self, data: Any) -> dict[str, Any]:
        """Apply the item's operations to its text."""
        by = f"TextProcessorNode[{self.name}]"
        if not isinstance(data, dict):
            return {"error": "Input must be a dictionary", "input": data, "processed_by": by}
        if "text" not in data:
            return {"error": "Input must contain 'text' key", "input": data, "processed_by": by}
        text = data["text"]
        operations = data.get("operations", ["uppercase"])
        results: dict[str, Any] = {}
        try:
            for operation in operations:
                function = _OPERATIONS.get(operation)
                if function is None:
                    message = f"Unknown operation: {operation}"
                    results[f"unknown_operation_{operation}"] = message
                else:
                    results[operation] = function(text)
        except Exception as error:
            return {
                "error": telling(error),
                "text": text,
                "operations": operations,
                "processed_by": by,
            }
        return {
            "original_text": text,
            "operations": operations,
            "results": results,
            "processed_by": by,
            "node_config": self.config,
        }

    def get_supported_operations(self) -> list[str]:
        """The operations it knows."""
        return list(_OPERATIONS)
