"""Nodes at the edges of a pipeline, where other code puts items in and takes them out.

In a run that is given its input, `DataSourceNode` and `BidirectionalNode` take that input. In a
program of your own, push items into them and iterate `process()`.
"""

from __future__ import annotations

from ..core.node import Node
from ..core.types import _SENTINEL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import Queue
    from collections import deque
    from collections.abc import AsyncGenerator, Callable
    from typing import Any, Unpack

    from ..core.node import NodeOptions


class _Inbox:
    """A bounded queue that is closed once; asyncio is imported when somebody waits."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._made: Queue[Any] | None = None
        self.closed = False

    @property
    def queue(self) -> Queue[Any]:
        if self._made is None:
            from asyncio import Queue

            self._made = Queue(self._size + 1)  # one place is for the end of the stream
        return self._made

    def put(self, item: Any) -> bool:
        if self.closed or self.queue.qsize() >= self._size:
            return False
        self.queue.put_nowait(item)
        return True

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            self.queue.put_nowait(_SENTINEL)

    async def items(self, timeout: float | None = None) -> AsyncGenerator[Any, None]:
        """The items until the end, or until none has come for `timeout` seconds."""
        import asyncio

        while True:
            try:
                item = await asyncio.wait_for(self.queue.get(), timeout)
            except TimeoutError:
                return
            if item is _SENTINEL:
                return
            yield item


async def _call(function: Callable[[Any], Any], item: Any) -> Any:
    result = function(item)
    return await result if hasattr(type(result), "__await__") else result


class DataSourceNode(Node):
    """Where items enter: those of the run, those in `items`, or those given to `push_data`.

    With `items` it is a source that yields them. Otherwise it passes on the input of the run; used
    by hand without a run, it yields what is pushed, until `close` or until nothing has come for
    `timeout_seconds`.
    """

    is_source = True
    takes_input = True

    def __init__(
        self,
        buffer_size: int = 100,
        timeout_seconds: float = 30.0,
        items: list[Any] | None = None,
        **options: Unpack[NodeOptions],
    ) -> None:
        super().__init__(**options)
        self.buffer_size = buffer_size
        self.timeout_seconds = timeout_seconds
        self.items = items
        self.takes_input = items is None
        self._inbox = _Inbox(buffer_size)

    async def push_data(self, data: Any) -> bool:
        """Give it an item. False if there is no room, or if it is closed."""
        return self._inbox.put(data)

    async def process(self, data: Any = None) -> AsyncGenerator[Any, None]:
        """Yield an item that is given, or all that are pushed."""
        if data is not None:
            yield data
        elif self.items is not None:
            for item in self.items:
                yield item
        else:
            async for item in self._inbox.items(self.timeout_seconds):
                yield item

    async def close(self) -> None:
        """There are no more items."""
        self._inbox.close()

    def get_config(self) -> dict[str, Any]:
        """Name, class and settings."""
        return {
            **super().get_config(),
            "buffer_size": self.buffer_size,
            "timeout_seconds": self.timeout_seconds,
            "is_source": True,
            "is_streaming": True,
        }


class DataSinkNode(Node):
    """Where items leave: each goes to the callback, the queue and the buffer, and on."""

    is_sink = True

    def __init__(
        self,
        callback: Callable[[Any], Any] | None = None,
        buffer_output: bool = False,
        buffer_size: int = 100,
        **options: Unpack[NodeOptions],
    ) -> None:
        super().__init__(**options)
        self.callback = callback
        self.buffer_output = buffer_output
        self.buffer_size = buffer_size
        self.output_buffer: deque[Any] | None = None
        if buffer_output:
            from collections import deque

            self.output_buffer = deque(maxlen=buffer_size)
        self._output_queue: Queue[Any] | None = None
        self._total_processed = 0

    def set_output_queue(self, queue: Queue[Any]) -> None:
        """Put each item into this asyncio queue as well."""
        self._output_queue = queue

    def set_callback(self, callback: Callable[[Any], Any]) -> None:
        """Call this with each item; it may be async."""
        self.callback = callback

    async def process(self, data: Any) -> Any:
        """Hand the item out, and pass it on."""
        self._total_processed += 1
        if self.output_buffer is not None:
            self.output_buffer.append(data)
        if self._output_queue is not None:
            await self._output_queue.put(data)
        if self.callback is not None:
            await _call(self.callback, data)
        return data

    def get_buffered_output(self) -> list[Any]:
        """The last items, if `buffer_output` is set."""
        return list(self.output_buffer or ())

    def clear_buffer(self) -> None:
        """Forget the items in the buffer."""
        if self.output_buffer is not None:
            self.output_buffer.clear()

    def get_config(self) -> dict[str, Any]:
        """Name, class and settings."""
        return {
            **super().get_config(),
            "buffer_output": self.buffer_output,
            "buffer_size": self.buffer_size,
            "is_sink": True,
            "total_processed": self._total_processed,
        }


class BidirectionalNode(Node):
    """Where items enter, are answered by a callback, and leave again.

    In a run it takes the input of the run. By hand, push with `push_input`, iterate `process()`,
    and take answers with `pull_output`. Without callback an item is its own answer.
    """

    is_source = True
    is_sink = True
    takes_input = True

    def __init__(
        self,
        process_callback: Callable[[Any], Any] | None = None,
        buffer_size: int = 100,
        **options: Unpack[NodeOptions],
    ) -> None:
        super().__init__(**options)
        self.process_callback = process_callback
        self.buffer_size = buffer_size
        self._inbox = _Inbox(buffer_size)
        self._answers = _Inbox(buffer_size)

    async def push_input(self, data: Any) -> bool:
        """Give it an item. False if there is no room, or if it is closed."""
        return self._inbox.put(data)

    async def pull_output(self, timeout: float | None = None) -> Any:
        """Wait for the next answer; None when the time is over."""
        import asyncio

        try:
            return await asyncio.wait_for(self._answers.queue.get(), timeout or None)
        except TimeoutError:
            return None

    async def process(self, data: Any = None) -> AsyncGenerator[Any, None]:
        """Yield the answer to an item that is given, or the answers to all that are pushed."""
        if data is not None:
            answer = await self._answer(data)
            if answer is not None:
                yield answer
            return
        async for item in self._inbox.items():
            answer = await self._answer(item)
            if answer is not None:
                await self._answers.queue.put(answer)
                yield answer

    async def _answer(self, item: Any) -> Any:
        if self.process_callback is None:
            return item
        return await _call(self.process_callback, item)

    async def close(self) -> None:
        """There are no more items."""
        self._inbox.close()

    def get_config(self) -> dict[str, Any]:
        """Name, class and settings."""
        return {
            **super().get_config(),
            "buffer_size": self.buffer_size,
            "is_source": True,
            "is_sink": True,
            "is_streaming": True,
        }


class JavaScriptBridgeNode(Node):
    """Apply a function to items on their way in, and one on their way out."""

    def __init__(
        self,
        transform_input: Callable[[Any], Any] | None = None,
        transform_output: Callable[[Any], Any] | None = None,
        **options: Unpack[NodeOptions],
    ) -> None:
        super().__init__(**options)
        self.transform_input = transform_input
        self.transform_output = transform_output

    async def process(self, data: Any) -> Any:
        """Apply both functions."""
        if self.transform_input is not None:
            data = await _call(self.transform_input, data)
        if self.transform_output is not None:
            data = await _call(self.transform_output, data)
        return data

    def get_config(self) -> dict[str, Any]:
        """Name, class and settings."""
        return {
            **super().get_config(),
            "has_input_transform": self.transform_input is not None,
            "has_output_transform": self.transform_output is not None,
        }
