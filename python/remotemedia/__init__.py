"""Pipelines of nodes: the same package natively and inside the WebAssembly component.

Everything is imported when it is first used, so that importing the package costs next to nothing.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .core.exceptions import (
        ConfigurationError,
        NodeError,
        PipelineError,
        RemoteExecutionError,
        RemoteMediaError,
        SerializationError,
        WebRTCError,
    )
    from .core.node import Node
    from .core.pipeline import Pipeline
    from .core.state import SessionState, StateManager
    from .media import Audio, Binary, Control, File, Image, Tensor, Text, Video
    from .runtime.execute import GraphInfo, PipelineRunError, RunResult, run

__version__ = "0.1.0"

_HOMES = {
    "Node": "core.node",
    "StateManager": "core.state",
    "SessionState": "core.state",
    "Pipeline": "core.pipeline",
    "RemoteMediaError": "core.exceptions",
    "PipelineError": "core.exceptions",
    "NodeError": "core.exceptions",
    "RemoteExecutionError": "core.exceptions",
    "WebRTCError": "core.exceptions",
    "SerializationError": "core.exceptions",
    "ConfigurationError": "core.exceptions",
    "Audio": "media",
    "Video": "media",
    "Image": "media",
    "Tensor": "media",
    "Text": "media",
    "Binary": "media",
    "File": "media",
    "Control": "media",
    "run": "runtime.execute",
    "RunResult": "runtime.execute",
    "GraphInfo": "runtime.execute",
    "PipelineRunError": "runtime.execute",
}

__all__ = [
    "Audio",
    "Binary",
    "ConfigurationError",
    "Control",
    "File",
    "GraphInfo",
    "Image",
    "Node",
    "NodeError",
    "Pipeline",
    "PipelineError",
    "PipelineRunError",
    "RemoteExecutionError",
    "RemoteMediaError",
    "RunResult",
    "SerializationError",
    "SessionState",
    "StateManager",
    "Tensor",
    "Text",
    "Video",
    "WebRTCError",
    "__version__",
    "run",
]


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value: object = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
