"""Nodes that convert and transform."""

from __future__ import annotations

from ..core.exceptions import ConfigurationError
from ..core.node import Node

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Unpack

    from ..core.node import NodeOptions

_FORMATS = ("json", "text", "bytes")


class DataTransform(Node):
    """Pass items on; a base for nodes that override `process`."""

    def process(self, data: Any) -> Any:
        """The item itself."""
        return data


class FormatConverter(Node):
    """Convert items to `json` (plain data, as they are), `text` (JSON text) or `bytes` (UTF-8)."""

    def __init__(self, target_format: str = "json", **options: Unpack[NodeOptions]) -> None:
        super().__init__(**options)
        if target_format not in _FORMATS:
            raise ConfigurationError(
                f"target_format {target_format!r} is not known: it is one of {', '.join(_FORMATS)}"
            )
        self.target_format = target_format

    def process(self, data: Any) -> Any:
        """Convert one item."""
        if self.target_format == "json":
            return data
        if not isinstance(data, (str, bytes)):
            from ..runtime.jsonform import dumps

            data = dumps(data)
        if self.target_format == "text":
            return data.decode() if isinstance(data, bytes) else data
        return data.encode() if isinstance(data, str) else data


class TextTransformNode(Node):
    """Apply a function to each text; what is no text passes unchanged.

    The function is a callable, or as a string the name of a `str` method ("upper", "strip") or
    `module:function`. Of a tuple that begins with a text, the text is transformed.
    """

    def __init__(
        self, transform_func: Callable[[str], str] | str, **options: Unpack[NodeOptions]
    ) -> None:
        super().__init__(**options)
        self.transform_func = transform_func
        self._function = _function(transform_func)

    def process(self, data: Any) -> Any:
        """Transform one text."""
        if isinstance(data, str):
            return self._function(data)
        if isinstance(data, tuple) and data and isinstance(data[0], str):
            return (self._function(data[0]), *data[1:])
        return data


def _function(given: Callable[[str], str] | str) -> Callable[[str], str]:
    if callable(given):
        return given
    module, colon, path = given.partition(":")
    found: Any
    if colon:
        from importlib import import_module

        found = import_module(module)
        for part in path.split("."):
            found = getattr(found, part, None)
    else:
        found = None if given.startswith("_") else getattr(str, given, None)
    if not callable(found):
        raise ConfigurationError(
            f"transform_func {given!r} is neither a method of str nor `module:function`"
        )
    function: Callable[[str], str] = found
    return function
