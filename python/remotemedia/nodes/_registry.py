"""Which node types there are, and where. Nothing is imported before it is asked for."""

from __future__ import annotations

MODULES: dict[str, str] = {
    "PassThrough": "base",
    "PassThroughNode": "base",
    "Echo": "base",
    "BufferNode": "base",
    "MultiplyNode": "simple_math",
    "AddNode": "simple_math",
    "CalculatorNode": "calculator",
    "TextProcessorNode": "text_processor",
    "DataTransform": "transform",
    "FormatConverter": "transform",
    "TextTransformNode": "transform",
    "CodeExecutorNode": "code_executor",
    "StatefulCounter": "custom",
    "DataSourceNode": "io_nodes",
    "DataSinkNode": "io_nodes",
    "BidirectionalNode": "io_nodes",
}
"""Node type to the module of this package that holds its class."""

UNAVAILABLE: dict[str, tuple[str, str]] = {}
"""Node type of the SDK that is left out: what it does, and why it is left out."""
