"""Runs one node: items in, items out, whatever form its methods have."""

from __future__ import annotations

from types import AsyncGeneratorType, CoroutineType, GeneratorType

from ..core._done import Done
from ..core.node import Node
from .inspection import (
    is_async_function,
    is_generator_function,
    needs_item,
    takes_item,
    takes_runtime_data,
    takes_stream,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from ..core.multiprocessing.data import RuntimeData
    from .concurrent import Calls, Results
    from .loop import Driver, ItemStream, Pump


def _driver() -> Driver:
    from . import loop

    return loop.driver()


def expand(result: object) -> Iterator[object]:
    """The items of what `process` returned, made one by one as they are asked for.

    A coroutine is awaited first. A generator, ordinary or async, gives its items. None gives
    nothing. Anything else, a list too, is one item.
    """
    kind = type(result)
    if result is None:
        return
    if kind is GeneratorType:
        for item in result:  # type: ignore[attr-defined]
            if item is not None:
                yield item
    elif kind is AsyncGeneratorType:
        yield from _pumped(result)
    elif kind is _Null:
        yield None
    elif kind is CoroutineType or hasattr(kind, "__await__"):
        given = finished(result)
        if given is result:
            yield given
        else:
            yield from expand(given)
    else:
        yield result


def _pumped(generator: Any) -> Iterator[object]:
    from .loop import Pump

    pump = Pump(_driver())
    try:
        pump.start(generator)
        yield from pump.outputs()
    finally:
        pump.cancel()


def finished(result: object) -> object:
    """Wait for what a method returned, if it has to be waited for."""
    if type(result) is Done and result.rest is None:
        return None
    if result is not None and hasattr(type(result), "__await__"):
        return _driver().run(result)  # type: ignore[arg-type]
    return result


class _Null:
    """In the place of a None that is an item."""


NULL = _Null()


def _keeping_none(process: Callable[..., object]) -> Callable[..., object]:
    def keep(item: object) -> object:
        result = process(item)
        return NULL if result is None else result

    return keep


def _with_runtime_data(node: Any) -> Callable[[object], object]:
    """A `process` that takes and gives items, of a node that takes and gives RuntimeData."""
    from ..core.multiprocessing.data import RuntimeData

    process: Callable[[Any], Any] = node.process
    session_id = getattr(node, "session_id", None) or ""
    take = getattr(node, "take", None) or (lambda item: process(RuntimeData.of(item, session_id)))

    def run(item: object) -> object:
        result = take(item)
        if type(result) is RuntimeData:
            return result.as_item()
        if type(result) is CoroutineType:
            return wait(result)
        return None if result is None else _as_items(expand(result), RuntimeData)

    async def wait(result: Any) -> object:
        return _as_items(expand(await result), RuntimeData)

    return run


def _as_items(results: Iterator[object], cls: type[RuntimeData]) -> Iterator[object]:
    for result in results:
        yield result.as_item() if isinstance(result, cls) else result


def _max_concurrency(node: object) -> int:
    most: object = getattr(node, "max_concurrency", None)
    if most is None:
        return 1
    if type(most) is not int or most < 1:
        raise ValueError(f"`max_concurrency` must be a whole number of at least 1, found {most!r}")
    return most


class Runner:
    """One node of a run.

    A node that is not streaming is called through `process`, once an item; `expand` turns what it
    returns into items. With `concurrent`, `begin` takes its items and `settle` gives what is still
    under way. A streaming node is fed with `push`. All are ended with `finish`. A source gives its
    items with `produce`.
    """

    __slots__ = (
        "_calls",
        "_pump",
        "_stream",
        "concurrent",
        "node",
        "process",
        "source",
        "streaming",
    )

    concurrent: bool
    node: object
    process: Callable[..., object]
    source: bool
    streaming: bool

    def __init__(self, node: object) -> None:
        self.node = node
        self.process = node.process  # type: ignore[attr-defined]
        keeps_none = getattr(self.process, "none_is_an_item", False) is True
        own_items = getattr(node, "is_source", False) is True or not takes_item(self.process)
        self.source = own_items and not getattr(node, "takes_input", False)
        self.streaming = takes_stream(node)
        if keeps_none:
            self.process = _keeping_none(self.process)
        elif takes_runtime_data(node):
            self.process = _with_runtime_data(node)
        self.concurrent = (
            _max_concurrency(node) > 1
            and not (self.source or self.streaming)
            and is_async_function(node.process)  # type: ignore[attr-defined]
        )
        self._calls: Calls | None = None
        self._stream: ItemStream | None = None
        self._pump: Pump | None = None

    def __repr__(self) -> str:
        return f"Runner({self.node!r})"

    def initialize(self) -> None:
        """Run the node's `initialize`."""
        method: Any = getattr(self.node, "initialize", None)
        if method is None:
            return
        if getattr(method, "__func__", None) is Node.initialize:
            self.node._is_initialized = True  # type: ignore[attr-defined]
            return
        try:
            finished(method())
        except ImportError as error:
            needed = getattr(type(self.node), "__python_requires__", None)
            if not needed:
                raise
            from ..core.exceptions import NodeError

            said = f"{error}: the node's class says that it needs {', '.join(needed)}"
            raise NodeError(f"{said}; nothing is installed for a run") from error

    def cleanup(self) -> None:
        """Stop what still runs, and run the node's `cleanup`."""
        under_way = [it for it in (self._pump, self._calls) if it is not None]
        self._pump = self._calls = None
        try:
            for it in under_way:
                it.cancel()
        finally:
            method: Any = getattr(self.node, "cleanup", None)
            if method is not None:
                self._cleanup(method)

    def _cleanup(self, method: Any) -> None:
        if getattr(method, "__func__", None) is Node.cleanup:
            state = getattr(self.node, "state", None)
            if state is None or not (state._states or state._cleanup_task):
                self.node._is_initialized = False  # type: ignore[attr-defined]
                return
        finished(method())

    def begin(self, item: object) -> Results:
        """Begin a call of `process`, and give what calls give that have ended."""
        if self._calls is None:
            from .concurrent import Calls

            self._calls = Calls(self.process, _max_concurrency(self.node))
        return self._calls.begin(item)

    def settle(self) -> Iterator[object]:
        """What the calls of `process` that are under way give."""
        return iter(()) if self._calls is None else self._calls.settle()

    def push(self, item: object) -> Iterator[object]:
        """Feed a streaming node one item, and give what it yields before it waits for the next.

        A `process` that is not `async` runs when all items have arrived: it gives nothing here.
        What a node does not take because it has ended is dropped.
        """
        stream = self._begin()
        pump = self._pump
        if pump is None:
            stream.put(item)
        elif not pump.done:
            # Whatever it yields before it asks for its first item.
            yield from pump.outputs()
            if not pump.done:
                stream.put(item)
                yield from pump.outputs()

    def _begin(self) -> ItemStream:
        if self._stream is None:
            from .loop import ItemStream, Pump

            driver = _driver()
            self._stream = ItemStream(driver)
            if is_async_function(self.process):
                self._pump = Pump(driver, self._stream)
                result: Any = self.process(self._stream)
                if type(result) is AsyncGeneratorType:
                    self._pump.start(result)
                else:
                    self._pump.start_coroutine(result)
        return self._stream

    def finish(self) -> Iterator[object]:
        """There are no more items: what a streaming node still yields, then what `flush` gives."""
        if self._stream is not None or (self.streaming and not self.source):
            stream = self._begin()
            pump = self._pump
            if pump is None:
                stream.end()
                yield from expand(self.process(stream))
            else:
                yield from pump.outputs()
                stream.end()
                yield from pump.outputs()
                yield from expand(pump.result())
        flush: Any = getattr(self.node, "flush", None)
        if callable(flush):
            yield from expand(flush())

    def produce(self) -> Iterator[object]:
        """The items of a source.

        A generator, ordinary or async, gives them. Any other `process` is called again and again
        until it returns None.
        """
        process = self.process
        arguments = (None,) if needs_item(process) else ()
        once = is_generator_function(process)
        while True:
            result = process(*arguments)
            if type(result) is CoroutineType:
                result = finished(result)
            if result is None:
                return
            if once or type(result) in (GeneratorType, AsyncGeneratorType):
                yield from expand(result)
                return
            yield result
