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
    from .core.remote import RemoteExecutorConfig
    from .core.state import SessionState, StateManager
    from .media import Audio, Binary, Control, File, Image, Tensor, Text, Video
    from .nodes import register_node_class
    from .nodes.loader import register_python_node
    from .runtime.executing import execute_pipeline, execute_pipeline_with_input
    from .runtime.native import (
        check,
        get_rust_runtime,
        is_rust_runtime_available,
        list_nodes,
        run,
        run_async,
        session,
        try_load_rust_runtime,
    )
    from .runtime.results import GraphInfo, PipelineRunError, RunResult
    from .runtime.source import to_node

__version__ = "0.2.0"

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
    "RemoteExecutorConfig": "core.remote",
    "register_node_class": "nodes",
    "register_python_node": "nodes.loader",
    "check": "runtime.native",
    "get_rust_runtime": "runtime.native",
    "is_rust_runtime_available": "runtime.native",
    "list_nodes": "runtime.native",
    "run": "runtime.native",
    "run_async": "runtime.native",
    "session": "runtime.native",
    "try_load_rust_runtime": "runtime.native",
    "execute_pipeline": "runtime.executing",
    "execute_pipeline_with_input": "runtime.executing",
    "RunResult": "runtime.results",
    "GraphInfo": "runtime.results",
    "PipelineRunError": "runtime.results",
    "to_node": "runtime.source",
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
    "RemoteExecutorConfig",
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
    "check",
    "execute_pipeline",
    "execute_pipeline_with_input",
    "get_rust_runtime",
    "is_rust_runtime_available",
    "list_nodes",
    "register_node_class",
    "register_python_node",
    "run",
    "run_async",
    "session",
    "to_node",
    "try_load_rust_runtime",
]


def __getattr__(name: str) -> object:
    from importlib import import_module

    home = _HOMES.get(name)
    if home is None:
        # The node types can be imported from here too.
        from .nodes._registry import MODULES, UNAVAILABLE

        if name not in MODULES and name not in UNAVAILABLE:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        home = "nodes"
    value: object = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
