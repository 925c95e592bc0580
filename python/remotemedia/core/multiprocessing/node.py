"""The base class of nodes that take and give RuntimeData."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from enum import Enum

from .._done import DONE
from ..node import Node
from .data import RuntimeData

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable
    from typing import Any, Self


class NodeStatus(Enum):
    """What a node is doing."""

    IDLE = "idle"
    INITIALIZING = "initializing"
    READY = "ready"
    PROCESSING = "processing"
    ERROR = "error"
    STOPPING = "stopping"
    STOPPED = "stopped"


@dataclass
class NodeConfig:
    """What a node is made of: its id and type in the manifest, and its params."""

    node_id: str
    node_type: str
    params: dict[str, Any] = field(default_factory=dict)
    session_id: str | None = None
    log_level: str = "INFO"

    @classmethod
    def of(cls, given: NodeConfig | dict[str, Any] | None, default_id: str, node_type: str) -> Self:
        """The config itself, or one of a dict with some of its fields."""
        if isinstance(given, cls):
            return given
        fields = {"node_id": default_id, "node_type": node_type}
        names = cls.__dataclass_fields__
        given = vars(given) if isinstance(given, NodeConfig) else given
        fields.update({name: value for name, value in (given or {}).items() if name in names})
        return cls(**fields)  # type: ignore[arg-type]


class MultiprocessNode(Node):
    """A node whose items are RuntimeData: override `process`, and what else it needs of Node.

    The params of the manifest are in `config`. `process` may return RuntimeData, a plain item, None
    for nothing, or be a generator of these. It runs in the process of its pipeline.
    """

    takes_runtime_data = True

    def __init__(
        self,
        node_id: str | NodeConfig | dict[str, Any] | None = None,
        config: NodeConfig | dict[str, Any] | None = None,
        **options: Any,
    ) -> None:
        own = type(self).__name__
        if isinstance(node_id, str):
            made_of = NodeConfig.of(config, node_id, own)
        else:
            made_of = NodeConfig.of(node_id if config is None else config, own, own)
        options.pop("session_id", None)
        options.setdefault("name", made_of.node_id)
        super().__init__(**options)
        self.node_id = made_of.node_id
        self.node_type = made_of.node_type
        self.config = made_of.params if made_of.params is not None else {}
        self.session_id = made_of.session_id or f"default_{self.node_id}"
        self.status = NodeStatus.IDLE
        self.messages_processed = 0
        self.messages_failed = 0
        self.processing_time_total = 0.0

    def initialize(self) -> Awaitable[None]:
        """Get ready. Called once, before the first item."""
        self.status = NodeStatus.READY
        return super().initialize()

    def cleanup(self) -> Awaitable[None]:
        """Let go of everything. Called once at the end, after a failure too."""
        self.status = NodeStatus.STOPPED
        return super().cleanup()

    def stop(self) -> Awaitable[None]:
        """Say that the node is to end. It does so when there are no more items."""
        self.status = NodeStatus.STOPPING
        return DONE

    def publish_progress(self, status: str, message: str) -> None:
        """Say how far a long `initialize` is: it goes to the log."""
        self.logger.info("%s: %s", status, message)

    def process_sync(self, data: Any) -> Any:
        """Process one item from code that is not `async`, which need not be RuntimeData.

        Gives what `process` returns; of a generator, its items as a list.
        """
        from ...runtime.runner import expand, finished

        result = finished(self.process(RuntimeData.of(data, self.session_id)))
        return list(expand(result)) if hasattr(type(result), "__anext__") else result

    def get_stats(self) -> dict[str, Any]:
        """How many items were processed, and how long that took in seconds."""
        count, total = self.messages_processed, self.processing_time_total
        return {
            "node_id": self.node_id,
            "node_type": self.node_type,
            "status": self.status.value,
            "messages_processed": count,
            "messages_failed": self.messages_failed,
            "average_processing_time": total / count if count else 0.0,
            "total_processing_time": total,
        }

    def take(self, item: Any) -> Any:
        """What the runner calls with each item: `process`, counted."""
        begin = time.perf_counter()
        try:
            result = self.process(RuntimeData.of(item, self.session_id))
        except Exception:
            self.messages_failed += 1
            raise
        finally:
            self.messages_processed += 1
            self.processing_time_total += time.perf_counter() - begin
        return result
