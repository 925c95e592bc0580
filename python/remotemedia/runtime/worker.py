"""A thread in which the nodes of a `Pipeline` live, with an event loop of their own.

In the sandbox, where there is one thread, the calls are made in it, at once.
"""

from __future__ import annotations

from asyncio import get_running_loop
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from time import perf_counter

from .chain import Lent, chain
from .native import OwnLoop, core
from .results import items, of_manifest, result
from .runner import Runner
from .session import AT_ONCE
from .source import manifest_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from typing import Any, TypeVar

    from ..core.node import Node
    from .results import RunResult
    from .session import Opened, Part

    T = TypeVar("T")


class Worker:
    """Nodes in a thread: initialises them, runs them any number of times, and cleans them up."""

    def __init__(self, nodes: Sequence[Node]) -> None:
        self._nodes = list(nodes)
        self._pool = ThreadPoolExecutor(1, "pipeline")
        self._own = OwnLoop()

    async def call(self, function: Callable[..., T], *arguments: Any) -> T:
        """Call a function in the thread."""
        call = partial(copy_context().run, self._own.call, function, *arguments)
        return await get_running_loop().run_in_executor(self._pool, call)

    async def initialize(self) -> tuple[Node, Exception] | None:
        """Initialize the nodes. Where one fails all are cleaned up: gives it, and its failure."""

        def initialize() -> tuple[Node, Exception] | None:
            for node in self._nodes:
                try:
                    Runner(node).initialize()
                except Exception as error:
                    self._clean_up()
                    return node, error
            return None

        try:
            failed = await self.call(initialize)
        except BaseException:
            await self._end()
            raise
        if failed is not None:
            await self._end()
        return failed

    def _clean_up(self) -> Exception | None:
        first = None
        for node in reversed(self._nodes):
            try:
                Runner(node).cleanup()
            except Exception as error:
                first = first or error
        return first

    async def close(self) -> None:
        """Clean up the nodes, the last one first; the first failure is raised at the end."""
        try:
            failed = await self.call(self._clean_up)
        finally:
            await self._end()
        if failed is not None:
            raise failed

    async def _end(self) -> None:
        loop = get_running_loop()
        try:
            await loop.run_in_executor(self._pool, self._own.close)
        finally:
            self._pool.shutdown(wait=False)

    async def run(self, given: list[Any] | None) -> tuple[RunResult, float]:
        """Run the nodes on items; what came of it, and how many seconds it took."""
        manifest, lent = chain(self._nodes, Lent)
        begun = perf_counter()
        text = manifest_text(manifest)
        ended = await self.call(of_manifest, manifest, core().run, text, given, lent)
        return result(ended, manifest), perf_counter() - begun

    def open(self) -> OpenRun:
        """A run that is fed item by item."""
        return OpenRun(self)


class OpenRun:
    """A run of the nodes that is fed item by item."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        # What the core opens has to go away in the thread too: nothing else refers to it.
        self._opened: list[Opened] = []
        self._begun = perf_counter()

    @property
    def seconds(self) -> float:
        """How long it has been open."""
        return perf_counter() - self._begun

    async def _do(self, name: str, *arguments: Any) -> Any:
        def do() -> Any:
            return getattr(self._opened[0], name)(*arguments)

        return await self._worker.call(do)

    async def begin(self) -> None:
        """Open it. Raises PipelineRunError."""
        manifest, lent = chain(self._worker._nodes, Lent)
        text = manifest_text(manifest)

        def begin() -> None:
            self._opened.append(of_manifest(manifest, core().Run, text, lent))

        await self._worker.call(begin)

    async def _rest(self, part: Part) -> AsyncIterator[Any]:
        outputs, more = part
        while True:
            for output in items(outputs):
                yield output
            if not more:
                return
            outputs, more = await self._do("pull", AT_ONCE)

    async def push(self, item: Any) -> AsyncIterator[Any]:
        """Give an item; the outputs for it."""
        async for output in self._rest(await self._do("push", item)):
            yield output

    async def pull(self) -> AsyncIterator[Any]:
        """What the source produces, to its end."""
        async for output in self._rest(await self._do("pull", AT_ONCE)):
            yield output

    async def end(self) -> AsyncIterator[Any]:
        """End the input; what still comes out."""
        async for output in self._rest(await self._do("end")):
            yield output

    async def finish(self) -> RunResult:
        """End the run."""
        return result(await self._do("finish"))

    async def close(self) -> None:
        """Stop what is under way."""

        def close() -> None:
            while self._opened:
                self._opened.pop().close()

        await self._worker.call(close)
