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
    from .multiprocessing import (
        AudioMetadata,
        DataType,
        MultiprocessNode,
        NodeConfig,
        NodeStatus,
        RuntimeData,
        VideoMetadata,
    )
    from .pipeline import Pipeline
    from .remote import RemoteExecutorConfig

__all__ = [
    "AudioMetadata",
    "ConfigurationError",
    "DataType",
    "MultiprocessNode",
    "Node",
    "NodeConfig",
    "NodeError",
    "NodeStatus",
    "Pipeline",
    "PipelineError",
    "RemoteExecutionError",
    "RemoteExecutorConfig",
    "RemoteMediaError",
    "RuntimeData",
    "SerializationError",
    "SessionState",
    "StateManager",
    "VideoMetadata",
    "WebRTCError",
]

_LATER = {
    "Pipeline": "pipeline",
    "RemoteExecutorConfig": "remote",
    "AudioMetadata": "multiprocessing",
    "DataType": "multiprocessing",
    "MultiprocessNode": "multiprocessing",
    "NodeConfig": "multiprocessing",
    "NodeStatus": "multiprocessing",
    "RuntimeData": "multiprocessing",
    "VideoMetadata": "multiprocessing",
}
"""What is imported when it is first used, and from which module."""


def __getattr__(name: str) -> object:
    if name in _LATER:
        from importlib import import_module

        value: object = getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
