"""One node under test, without a pipeline around it.

    from remotemedia.testing import run_node

    def test_shout():
        assert run_node(Shout, ["hello"], ending="!") == ["HELLO!"]

A node is run as a pipeline runs it: what `process` returns, yields or awaits becomes items, None is
none, `flush` comes at the end. Nothing here needs the compiled part of the package.
"""

from __future__ import annotations

from contextlib import contextmanager

from .runtime import bridge, inspection
from .runtime.native import OwnLoop
from .runtime.runner import Runner, expand

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

__all__ = ["NodeUnderTest", "open_node", "run_node"]


class NodeUnderTest:
    """A node that is fed item by item; `open_node` makes it."""

    def __init__(self, runner: Runner, own: OwnLoop) -> None:
        self._runner = runner
        self._own = own
        self.node: Any = runner.node
        """The node itself."""

    def push(self, *items: Any) -> list[Any]:
        """Give the node items, one after the other: the items that it gives for them."""

        def push() -> list[Any]:
            given: list[Any] = []
            for item in items:
                if self._runner.streaming:
                    given.extend(self._runner.push(item))
                else:
                    given.extend(expand(self._runner.process(item)))
            return given

        return self._own.call(push)

    def finish(self) -> list[Any]:
        """End the input: what the node still gives, that of its `flush` too."""
        return self._own.call(lambda: list(self._runner.finish()))

    def produce(self, most: int | None = None) -> list[Any]:
        """The items of a source, or so many of them: it may never end."""
        from itertools import islice

        return self._own.call(lambda: list(islice(self._runner.produce(), most)))


@contextmanager
def open_node(node: object, /, **params: Any) -> Iterator[NodeUnderTest]:
    """Make a node of a class, or take one that is made, and initialise it; clean it up at the end.

    Raises TypeError for params that a manifest would be refused for.
    """
    own = OwnLoop()
    try:
        runner = own.call(_runner, node, params)
        try:
            own.call(runner.initialize)
            yield NodeUnderTest(runner, own)
        finally:
            own.call(runner.cleanup)
    finally:
        own.close()


def run_node(node: object, items: Iterable[Any] | None = None, /, **params: Any) -> list[Any]:
    """All items that a node gives: for these items, or, without any, as a source.

    `node` is a class, which is made with `params`, or a node. What it gives comes as it is; where
    it leaves a pipeline, it also has to be plain data, media or an array.
    """
    with open_node(node, **params) as opened:
        if items is None:
            return [*opened.produce(), *opened.finish()]
        return [*opened.push(*items), *opened.finish()]


def _runner(node: object, params: dict[str, Any]) -> Runner:
    if not isinstance(node, type):
        if params:
            raise TypeError(f"the node is made already: it takes no {', '.join(params)}")
        return Runner(node)
    if not callable(getattr(node, "process", None)):
        raise TypeError(f"{node.__qualname__} has no `process` method, so it is no node")
    problems = inspection.check_params(node, params)
    if problems:
        raise TypeError("; ".join(problem.message for problem in problems))
    return Runner(bridge.make(node, node.__qualname__, "node", params))
