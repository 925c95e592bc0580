"""Several calls of a node's async `process` under way at a time, and their results in order."""

from __future__ import annotations

import asyncio
from collections import deque
from types import AsyncGeneratorType

from .loop import driver
from .runner import expand

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from .loop import Driver


class _Items(list[object]):
    """What an async generator gave, all of it."""


class Calls:
    """The calls of a node's `process` that are under way, at most so many.

    What they give comes in the order of their items, whichever ends first. That of an async
    generator comes when it has ended.
    """

    __slots__ = ("_begun", "_driver", "_most", "_process", "_tasks")

    def __init__(self, process: Callable[[object], object], most: int) -> None:
        self._process: Callable[[object], Any] = process
        self._most = most
        self._begun = 0
        self._driver: Driver = driver()
        self._tasks: deque[tuple[int, asyncio.Task[object]]] = deque()

    def begin(self, item: object) -> Results:
        """Begin a call: what has ended, and the first one's as long as no other may begin."""
        call = self._call(item)
        try:
            self._driver.enter()
        except RuntimeError:
            call.close()
            raise
        try:
            task = self._driver.start(call)
        finally:
            self._driver.leave()
        self._tasks.append((self._begun, task))
        self._begun += 1
        return Results(self, self._most - 1)

    async def _call(self, item: object) -> object:
        result = self._process(item)
        if type(result) is AsyncGeneratorType:
            return _Items([it async for it in result])
        return await result if hasattr(type(result), "__await__") else result

    def settle(self) -> Results:
        """What all calls under way give."""
        return Results(self, 0)

    def next(self, most: int) -> tuple[int, asyncio.Task[object]] | None:
        """The first call, if it has ended or more than so many are under way."""
        tasks = self._tasks
        if not tasks or (len(tasks) <= most and not tasks[0][1].done()):
            return None
        return tasks.popleft()

    def result(self, task: asyncio.Task[object]) -> Iterator[object]:
        """The items of a call, which is waited for."""
        result = self._driver.wait(task)
        return iter(result) if type(result) is _Items else expand(result)

    def cancel(self) -> None:
        """End the calls under way."""
        tasks = [task for _, task in self._tasks]
        self._tasks.clear()
        for task in tasks:
            task.cancel()
        if any(not task.done() for task in tasks):
            self._driver.run(asyncio.wait(tasks))
        for task in tasks:
            if not task.cancelled():
                task.exception()  # so that it counts as seen: what is told came before it


class Results:
    """An iterator over what calls give. `item` counts the item that it is at, from 0."""

    __slots__ = ("_calls", "_given", "_most", "item")

    def __init__(self, calls: Calls, most: int) -> None:
        self._calls = calls
        self._most = most
        self._given: Iterator[object] | None = None
        self.item: int | None = None

    def __iter__(self) -> Results:
        return self

    def __next__(self) -> object:
        while True:
            if self._given is not None:
                for result in self._given:
                    if result is not None:
                        return result
                self._given = None
            found = self._calls.next(self._most)
            if found is None:
                raise StopIteration
            self.item, task = found
            self._given = self._calls.result(task)
