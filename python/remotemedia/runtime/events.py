"""What nodes print and log, told to a host that asks for it with the node that it comes from.

The host gives a mark; a line of the standard error that begins with it is a JSON array: what it
tells of, the node, and the rest. Only the host knows the mark, and it leaves it out again.
"""

from __future__ import annotations

import io
import json
import logging
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_MOST_HELD = 8 << 10


class Teller:
    """Writes what is told to the host."""

    def __init__(self, mark: str, node: Callable[[], str | None]) -> None:
        self._mark = mark
        self.node = node
        self._stream = sys.__stderr__

    def tell(self, kind: str, *rest: object) -> None:
        """Tell of something, at once."""
        stream = self._stream
        if stream is not None:
            stream.write(f"{self._mark}{json.dumps([kind, self.node(), *rest])}\n")
            stream.flush()


class NodeStream(io.TextIOWrapper):
    """A standard stream: what is printed goes to the host with the node that prints it."""

    def __init__(self, old: Any, teller: Teller) -> None:
        super().__init__(
            old.buffer,
            encoding=old.encoding,
            errors=old.errors,
            line_buffering=old.line_buffering,
            write_through=old.write_through,
        )
        self._teller = teller
        self._held: list[str] = []
        self._length = 0

    def write(self, text: str, /) -> int:
        """Keep what is printed until its line ends."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        self._held.append(text)
        self._length += len(text)
        if "\n" in text or self._length > _MOST_HELD:
            self._let_go()
        return len(text)

    def flush(self) -> None:
        """Let go of half a line too."""
        self._let_go()
        super().flush()

    def _let_go(self) -> None:
        text = "".join(self._held)
        self._held.clear()
        self._length = 0
        if text:
            self._teller.tell("print", text)


class LogHandler(logging.Handler):
    """In the place of logging's last resort, which says neither level nor logger."""

    def __init__(self, teller: Teller) -> None:
        super().__init__(logging.WARNING)
        self._teller = teller

    def emit(self, record: logging.LogRecord) -> None:
        """Tell of a record."""
        try:
            self._teller.tell("log", record.levelname, record.name, self.format(record))
        except Exception:
            self.handleError(record)


def install(mark: str, profiled: bool) -> None:
    """Tell the host from now on; with a profile, where the time went too."""
    from _pipelines import current_node  # type: ignore[import-not-found,unused-ignore]

    teller = Teller(mark, current_node)
    sys.stdout = NodeStream(sys.stdout, teller)
    sys.stderr = NodeStream(sys.stderr, teller)
    logging.lastResort = LogHandler(teller)
    if profiled:
        from .profiling import Profiler

        Profiler(teller).start()
