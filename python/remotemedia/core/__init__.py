"""The base class of nodes, their state, pipelines and the exceptions."""

from __future__ import annotations

from .exceptions import (
    ConfigurationError,
    NodeError,
    PipelineError,
    RemoteExecutionError,
    RemoteMediaError,
    SerializationError,
    WebRTCError,
)
from .node import Node
from .state import SessionState, StateManager

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .pipeline import Pipeline

__all__ = [
    "ConfigurationError",
    "Node",
    "NodeError",
    "Pipeline",
    "PipelineError",
    "RemoteExecutionError",
    "RemoteMediaError",
    "SerializationError",
    "SessionState",
    "StateManager",
    "WebRTCError",
]


def __getattr__(name: str) -> object:
    if name == "Pipeline":
        from .pipeline import Pipeline

        return Pipeline
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
