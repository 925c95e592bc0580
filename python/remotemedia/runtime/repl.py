"""A session at a prompt, in the sandbox: a node that runs Python line by line.

`pipeline repl` feeds it. An item `{"line": text}` is a line of Python; any other item is one to try
things on: it becomes the last result, `_`, and the last of `items`.
"""

from __future__ import annotations

import ast
import codeop
import sys

from .bridge import format_error
from .runner import finished

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Repl:
    """Runs Python line by line, with the last result as `_`."""

    def __init__(self) -> None:
        import remotemedia
        from remotemedia.testing import run_node

        self.items: list[Any] = []
        self.names: dict[str, Any] = {
            "__name__": "__main__",
            "_": None,
            "items": self.items,
            "remotemedia": remotemedia,
            "run": remotemedia.run,
            "run_node": run_node,
        }
        for name in ("Audio", "Video", "Image", "Tensor", "Text", "Binary", "File"):
            self.names[name] = getattr(remotemedia, name)
        self._lines: list[str] = []
        self._compile = codeop.CommandCompiler()
        self._compile.compiler.flags |= ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        self._results: list[str] = []
        sys.displayhook = self._show

    def _show(self, value: object) -> None:
        if value is not None:
            self.names["_"] = value
            self._results.append(repr(value))

    def process(self, item: Any) -> dict[str, Any]:
        """Run a line: whether more belongs to it, what to show, and what went wrong."""
        if not (isinstance(item, dict) and list(item) == ["line"]):
            self.items.append(item)
            self._show(item)
            return self._said()
        self._lines.append(str(item["line"]))
        try:
            code = self._compile("\n".join(self._lines), "<repl>", "single")
        except (SyntaxError, ValueError, OverflowError) as error:
            return self._failed(error.with_traceback(None))
        if code is None:
            return {"more": True, "results": [], "error": None}
        self._lines.clear()
        try:
            result = eval(code, self.names)
            if result is not None:
                # Of a line with `await` in it.
                finished(result)
        except (Exception, SystemExit, KeyboardInterrupt) as error:
            return self._failed(error)
        return self._said()

    def _said(self) -> dict[str, Any]:
        results = [*self._results]
        self._results.clear()
        return {"more": False, "results": results, "error": None}

    def _failed(self, error: BaseException) -> dict[str, Any]:
        self._lines.clear()
        return {**self._said(), "error": format_error(error)}


__all__ = ["Repl"]
