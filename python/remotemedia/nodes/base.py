"""Nodes that pass on, count and collect."""

from __future__ import annotations

from ..core.exceptions import ConfigurationError
from ..core.node import Node, none_is_an_item
from ..media import Audio, Text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Unpack

    from ..core.node import NodeOptions


class PassThroughNode(Node):
    """Pass every item on unchanged."""

    def __init__(self, **options: Unpack[NodeOptions]) -> None:
        super().__init__(**options)

    @none_is_an_item
    def process(self, data: Any) -> Any:
        """The item itself."""
        return data


class PassThrough(PassThroughNode):
    """Pass every item on unchanged."""


class Echo(Node):
    """Wrap every item with a counter that starts at 1."""

    def __init__(self, **options: Unpack[NodeOptions]) -> None:
        super().__init__(**options)
        self.counter = 0

    def process(self, data: Any) -> dict[str, Any]:
        """The item, how many there have been, and who says so."""
        self.counter += 1
        return {"input": data, "counter": self.counter, "node": "Echo"}


class EchoNode(Node):
    """Put the number of the item before a text; give audio as it is, and nothing else."""

    def __init__(self, **options: Unpack[NodeOptions]) -> None:
        super().__init__(**options)
        self.echo_count = 0

    def process(self, data: Any) -> Any:
        """`Echo #1: text` for a text."""
        self.echo_count += 1
        if isinstance(data, str):
            return f"Echo #{self.echo_count}: {data}"
        if isinstance(data, Text):
            return data.replace(text=f"Echo #{self.echo_count}: {data.text}")
        return data if isinstance(data, Audio) else None


class BufferNode(Node):
    """Collect items and pass them on as lists of `buffer_size`.

    What is left at the end comes as a shorter list.
    """

    def __init__(self, buffer_size: int = 10, **options: Unpack[NodeOptions]) -> None:
        super().__init__(**options)
        if buffer_size < 1:
            raise ConfigurationError(f"buffer_size must be at least 1, not {buffer_size}")
        self.buffer_size = buffer_size
        self.buffer: list[Any] = []

    def process(self, data: Any) -> list[Any] | None:
        """The full list, or None as long as there is room."""
        self.buffer.append(data)
        return self.flush() if len(self.buffer) >= self.buffer_size else None

    def flush(self) -> list[Any] | None:
        """What has been collected, None if nothing."""
        collected, self.buffer = self.buffer, []
        return collected or None
