"""The event loop of a run, and how synchronous code steps it.

Natively this is asyncio's own loop. In the sandbox there are no sockets to wait for, so the loop
there only sleeps until the next timer. `asyncio` is imported by this module: import it late.
"""

from __future__ import annotations

import asyncio
import sys
from _thread import _local, get_ident
from asyncio import events
from collections import deque

from .sandbox_loop import SandboxEventLoop, stuck

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio.base_events import BaseEventLoop
    from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Generator, Iterator
    from contextvars import Context
    from typing import Any

EAGER = sys.version_info >= (3, 12)
IN_SANDBOX = sys.platform == "wasi"
_SPINS = 1000


def new_event_loop() -> BaseEventLoop:
    """A loop for one run."""
    if IN_SANDBOX:
        return SandboxEventLoop()
    # Always a loop of asyncio's own, whatever policy is set: it is stepped by hand below.
    if sys.platform == "win32":
        return asyncio.ProactorEventLoop()
    return asyncio.SelectorEventLoop()


class Gate:
    """A future that a task waits on and that is opened by hand, which resumes the task at once.

    An ordinary future would take a turn of the loop to resume its task.
    """

    __slots__ = ("_asyncio_future_blocking", "_cancelled", "_context", "_loop", "_wake")

    def __init__(self, loop: BaseEventLoop) -> None:
        self._asyncio_future_blocking = False
        self._cancelled = False
        self._loop = loop
        self._wake: Callable[[Gate], object] | None = None
        self._context: Context | None = None

    def __await__(self) -> Generator[Gate, None, None]:
        self._asyncio_future_blocking = True
        yield self
        if self._cancelled:
            raise asyncio.CancelledError

    def get_loop(self) -> BaseEventLoop:
        """The loop of the waiting task."""
        return self._loop

    def add_done_callback(
        self, wake: Callable[[Gate], object], *, context: Context | None = None
    ) -> None:
        """Called by the task that begins to wait."""
        self._wake, self._context = wake, context

    def result(self) -> None:
        """Called by the task that is resumed."""
        if self._cancelled:
            raise asyncio.CancelledError

    def cancel(self, msg: object = None) -> bool:
        """Called when the waiting task is cancelled."""
        if self._cancelled:
            return False
        self._cancelled = True
        self._loop.call_soon(self.open)
        return True

    def open(self) -> None:
        """Resume the task. The loop must be entered."""
        wake, self._wake = self._wake, None
        if wake is not None:
            if self._context is None:
                wake(self)
            else:
                self._context.run(wake, self)


class Driver:
    """One event loop, stepped from synchronous code."""

    __slots__ = ("_before", "_hooks", "loop")

    def __init__(self) -> None:
        loop: Any = new_event_loop()
        self.loop = loop
        self._hooks = loop._asyncgen_firstiter_hook, loop._asyncgen_finalizer_hook
        self._before: Any = None

    def enter(self) -> None:
        """Make the loop the running one, so that tasks can be started and resumed."""
        if events._get_running_loop() is not None:
            raise RuntimeError(
                "nodes that are async cannot run inside of a running event loop: "
                "use `await remotemedia.run_async(...)`, which runs them in a thread of their own"
            )
        self._before = sys.get_asyncgen_hooks()
        sys.set_asyncgen_hooks(*self._hooks)
        self.loop._thread_id = get_ident()
        events._set_running_loop(self.loop)

    def leave(self) -> None:
        """Undo `enter`."""
        events._set_running_loop(None)
        self.loop._thread_id = None
        sys.set_asyncgen_hooks(*self._before)

    def start(self, coroutine: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Start a task, which runs at once as far as it can. The loop must be entered."""
        if EAGER:
            return asyncio.Task(coroutine, loop=self.loop, eager_start=True)  # type: ignore[call-arg, unused-ignore]
        return asyncio.Task(coroutine, loop=self.loop)

    def turn(self) -> None:
        """One turn of the loop, which waits for the next timer when nothing is ready."""
        loop = self.loop
        if not (loop._ready or loop._scheduled or IN_SANDBOX) and self._nothing_can_happen():
            raise stuck(asyncio.all_tasks(loop))
        loop._run_once()

    def _nothing_can_happen(self) -> bool:
        loop = self.loop
        if loop._default_executor is not None or not hasattr(loop, "_selector"):
            return False
        selector = getattr(loop._selector, "get_map", None)
        if selector is None or len(selector()) > 1:  # one is the loop's own self-pipe
            return False
        threading = sys.modules.get("threading")
        return threading is None or threading.active_count() <= 1

    def run(self, awaitable: Awaitable[Any]) -> Any:
        """Run a coroutine to its end and return its result."""
        coroutine: Any = awaitable
        if not asyncio.iscoroutine(awaitable):
            coroutine = _await(awaitable)
        try:
            self.enter()
        except RuntimeError:
            coroutine.close()
            raise
        try:
            task = self.start(coroutine)
            self._until(task)
        finally:
            self.leave()
        return task.result()

    def wait(self, task: asyncio.Task[Any]) -> Any:
        """Wait for a task that was started, and return its result."""
        if not task.done():
            self.enter()
            try:
                self._until(task)
            finally:
                self.leave()
        return task.result()

    def _until(self, task: asyncio.Task[Any]) -> None:
        """Turn the loop until a task has ended. The loop must be entered."""
        try:
            while not task.done():
                self.turn()
        except BaseException:
            self._abandon(task)
            raise

    def _abandon(self, task: asyncio.Task[Any]) -> None:
        """Cancel a task that cannot go on, and let it clean up as far as it can at once."""
        task.cancel()
        for _ in range(_SPINS):
            if task.done() or not self.loop._ready:
                break
            self.loop._run_once()
        if task.done() and not task.cancelled():
            task.exception()  # so that it counts as seen: there is another one to raise

    def close(self) -> None:
        """Cancel the tasks that are left, close async generators, close the loop."""
        loop = self.loop
        if loop.is_closed():
            return
        try:
            left = asyncio.all_tasks(loop)
            if left:
                for task in left:
                    task.cancel()
                self.run(asyncio.wait(left))
            self.run(loop.shutdown_asyncgens())
            self.run(loop.shutdown_default_executor())
        finally:
            loop.close()


async def _await(awaitable: Awaitable[Any]) -> Any:
    return await awaitable


class ItemStream:
    """What a streaming node iterates: the items that arrive, until the end.

    Iterate it with `async for`. A node whose `process` is an ordinary generator iterates it with
    `for`, after all items have arrived.
    """

    __slots__ = ("_driver", "_ended", "_items", "_waiting")

    def __init__(self, driver: Driver | None) -> None:
        self._driver = driver
        self._items: deque[object] = deque()
        self._waiting: deque[Gate] = deque()
        self._ended = False

    def __str__(self) -> str:
        raise TypeError(
            "this is the stream of all items, not an item: take them with `async for item in ...`, "
            "or leave out `is_streaming` in the class to get one item a call"
        )

    def __repr__(self) -> str:
        return f"<ItemStream: {len(self._items)} items wait>"

    @property
    def wanted(self) -> bool:
        """Whether someone waits for an item that is not there yet."""
        return bool(self._waiting)

    def put(self, item: object) -> None:
        """Add an item, and resume the one that waits for it."""
        self._items.append(item)
        self._wake_one()

    def end(self) -> None:
        """There are no more items."""
        self._ended = True
        while self._waiting:
            self._wake_one()

    def _wake_one(self) -> None:
        if self._waiting and self._driver is not None:
            gate = self._waiting.popleft()
            self._driver.enter()
            try:
                gate.open()
            finally:
                self._driver.leave()

    def __aiter__(self) -> ItemStream:
        return self

    async def __anext__(self) -> object:
        while not self._items:
            if self._ended or self._driver is None:
                raise StopAsyncIteration
            gate = Gate(self._driver.loop)
            self._waiting.append(gate)
            try:
                await gate
            except BaseException:
                if gate in self._waiting:
                    self._waiting.remove(gate)
                elif self._items:
                    self._wake_later()
                raise
        return self._items.popleft()

    def _wake_later(self) -> None:
        # The one that was woken for an item was cancelled instead: the next in line gets it.
        if self._waiting and self._driver is not None:
            self._driver.loop.call_soon(self._waiting.popleft().open)

    async def aclose(self) -> None:
        """Take no more items."""
        self._ended = True
        self._items.clear()

    def __iter__(self) -> ItemStream:
        return self

    def __next__(self) -> object:
        if self._items:
            return self._items.popleft()
        if self._ended:
            raise StopIteration
        raise RuntimeError("the stream has no item yet: iterate it with `async for`")


class Pump:
    """Takes items out of an async generator one at a time, in a single task.

    One task for the whole generator, because timeouts and task groups that span a `yield` have to
    stay in the task they began in.
    """

    __slots__ = ("_driver", "_full", "_gate", "_item", "_stream", "_task")

    def __init__(self, driver: Driver, stream: ItemStream | None = None) -> None:
        self._driver = driver
        self._stream = stream
        self._task: asyncio.Task[Any] | None = None
        self._gate: Gate | None = None
        self._full = False
        self._item: object = None

    @property
    def done(self) -> bool:
        """Whether the generator has ended and everything was taken."""
        return self._task is not None and self._task.done() and not self._full

    def start(self, generator: AsyncGenerator[object, None]) -> None:
        """Begin to run the generator, up to its first item."""
        self._begin(self._pump(generator))

    def start_coroutine(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        """Begin to run a coroutine whose result is expanded at the end."""
        self._begin(coroutine)

    def _begin(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        try:
            self._driver.enter()
        except RuntimeError:
            coroutine.close()
            raise
        try:
            self._task = self._driver.start(coroutine)
        finally:
            self._driver.leave()

    async def _pump(self, generator: AsyncGenerator[object, None]) -> None:
        try:
            async for item in generator:
                if item is not None:
                    self._item, self._full = item, True
                    self._gate = Gate(self._driver.loop)
                    await self._gate
        finally:
            await generator.aclose()

    def outputs(self) -> Iterator[object]:
        """The items up to where the generator waits for input that is not there, or ends."""
        while True:
            self._advance()
            if not self._full:
                if self._task is not None and self._task.done():
                    self._task.result()
                return
            item, self._item, self._full = self._item, None, False
            yield item
            gate, self._gate = self._gate, None
            if gate is not None:
                self._driver.enter()
                try:
                    gate.open()
                finally:
                    self._driver.leave()

    def _advance(self) -> None:
        """Turn the loop until there is an item, or the end, or nothing to do without input."""
        task, driver, stream = self._task, self._driver, self._stream
        if task is None or self._full or task.done():
            return
        ready = driver.loop._ready
        if stream is not None and stream.wanted and not ready:
            return
        spins = 0
        driver.enter()
        try:
            while not self._full and not task.done():
                if stream is not None and stream.wanted:
                    if not ready or spins > _SPINS:
                        return
                    spins += 1
                driver.turn()
        finally:
            driver.leave()

    def result(self) -> Any:
        """What the task returned."""
        return None if self._task is None else self._task.result()

    def cancel(self) -> None:
        """Close the generator before its end."""
        task, self._task = self._task, None
        self._full = False
        if task is None or task.done():
            return
        task.cancel()
        self._driver.run(asyncio.wait([task]))
        if not task.cancelled():
            task.result()


_local_state = _local()


def driver() -> Driver:
    """The driver of this thread's run; made when it is first needed."""
    found: Driver | None = getattr(_local_state, "driver", None)
    if found is None:
        found = _local_state.driver = Driver()
    return found


def replace(other: Driver | None) -> Driver | None:
    """Set the driver of this thread, and give the one before: for a run inside a node of a run."""
    found: Driver | None = getattr(_local_state, "driver", None)
    _local_state.driver = other
    return found


def close() -> None:
    """End this thread's run, if it needed a loop."""
    found = replace(None)
    if found is not None:
        found.close()
