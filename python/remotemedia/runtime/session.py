"""Pipelines that are fed and read item by item."""

from __future__ import annotations

from .results import items, result

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any, Protocol, Self, TypeVar

    from .results import RunResult

    T = TypeVar("T")
    Part = tuple[list[tuple[str, list[Any]]], bool]

    class Opened(Protocol):
        """What the core opens."""

        def push(self, item: Any, /) -> Part:
            """Give an item; the first outputs, and whether there are more."""

        def pull(self, most: int, /) -> Part:
            """The next outputs."""

        def end(self) -> Part:
            """End the input."""

        def finish(self) -> dict[str, Any]:
            """End the session."""

        def close(self) -> None:
            """Clean up without flushing."""


AT_ONCE = 4096
"""How many outputs are asked for at a time."""


class Session:
    """A pipeline that is fed and read item by item. Its nodes keep their state in between."""

    def __init__(self, opened: Opened) -> None:
        self._core = opened

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _call(self, function: Callable[..., T], *arguments: Any) -> T:
        return function(*arguments)

    def push(self, item: object) -> list[Any]:
        """Give an item to every source, or, by `to_node`, to one; all outputs for it."""
        return list(self.feed(item))

    def feed(self, item: object) -> Iterator[Any]:
        """Give an item as `push` does; each output comes as soon as it is known."""
        return self._rest(self._call(self._core.push, item))

    def pull(self, most: int = 1) -> list[Any] | None:
        """Go on with what is under way, or let sources produce.

        Gives at least one output, at most about `most`; None when nothing is under way any more.
        """
        while True:
            outputs, more = self._call(self._core.pull, most)
            if outputs or not more:
                return items(outputs) if outputs else None

    def __iter__(self) -> Iterator[Any]:
        while (given := self.pull(AT_ONCE)) is not None:
            yield from given

    def finish(self) -> RunResult:
        """End the input, flush the nodes and clean up; what the sinks still gave."""
        return result(self._call(self._core.finish))

    def close(self) -> None:
        """Clean up without flushing. Does nothing to a session that is finished."""
        self._call(self._core.close)

    def stream(self, given: Iterable[object]) -> Iterator[Any]:
        """Push items as they come, and give outputs as they come; finishes the session."""
        with self:
            for item in given:
                yield from self.feed(item)
            yield from self._rest(self._call(self._core.end))
            self.finish()

    def _rest(self, part: Part) -> Iterator[Any]:
        outputs, more = part
        yield from items(outputs)
        while more:
            outputs, more = self._call(self._core.pull, AT_ONCE)
            yield from items(outputs)
