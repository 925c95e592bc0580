"""A streaming node that counts."""

from __future__ import annotations

from ..core.node import Node

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterable
    from typing import Any, Unpack

    from ..core.node import NodeOptions


class StatefulCounter(Node):
    """Count the items of the stream: a tuple with the running number for each.

    The first item gives `(initial_value,)`.
    """

    is_streaming = True

    def __init__(self, initial_value: int = 0, **options: Unpack[NodeOptions]) -> None:
        super().__init__(**options)
        self.initial_value = initial_value
        self.value = initial_value

    async def process(self, data: AsyncIterable[Any]) -> AsyncGenerator[tuple[int], None]:
        """Yield a number for each item of the stream."""
        async for _ in data:
            yield (self.value,)
            self.value += 1
