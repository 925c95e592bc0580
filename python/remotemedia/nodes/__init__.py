"""The node types that a manifest can name without a module.

A class is imported when it is first asked for. Nodes of the SDK that need more than the standard
library are left out; asking for one says what it needs.
"""

from __future__ import annotations

from ._registry import MODULES, REGISTERED, UNAVAILABLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeVar

    from ..core.node import Node
    from .audio import AudioBufferNode, AudioChunkNode, AudioGainNode, AudioMixDownNode
    from .base import BufferNode, Echo, EchoNode, PassThrough, PassThroughNode
    from .calculator import CalculatorNode
    from .code_executor import CodeExecutorNode
    from .custom import StatefulCounter
    from .io_nodes import BidirectionalNode, DataSinkNode, DataSourceNode, JavaScriptBridgeNode
    from .numpy_audio import (
        AudioBuffer,
        AudioResampler,
        AudioTransform,
        ExtractAudioDataNode,
        FormatConverterNode,
        VADNode,
        VoiceActivityDetector,
    )
    from .resample import AudioResampleNode
    from .simple_math import AddNode, MultiplyNode
    from .text_collector import TextCollectorNode
    from .text_processor import TextProcessorNode
    from .transform import DataTransform, FormatConverter, TextTransformNode
    from .utterances import AudioBufferAccumulatorNode
    from .vad import EnergyVadNode
    from .wav import WavReaderNode, WavWriterNode

    C = TypeVar("C", bound=type[object])

__all__ = [
    "AddNode",
    "AudioBuffer",
    "AudioBufferAccumulatorNode",
    "AudioBufferNode",
    "AudioChunkNode",
    "AudioGainNode",
    "AudioMixDownNode",
    "AudioResampleNode",
    "AudioResampler",
    "AudioTransform",
    "BidirectionalNode",
    "BufferNode",
    "CalculatorNode",
    "CodeExecutorNode",
    "DataSinkNode",
    "DataSourceNode",
    "DataTransform",
    "Echo",
    "EchoNode",
    "EnergyVadNode",
    "ExtractAudioDataNode",
    "FormatConverter",
    "FormatConverterNode",
    "JavaScriptBridgeNode",
    "MultiplyNode",
    "Node",
    "PassThrough",
    "PassThroughNode",
    "StatefulCounter",
    "TextCollectorNode",
    "TextProcessorNode",
    "TextTransformNode",
    "VADNode",
    "VoiceActivityDetector",
    "WavReaderNode",
    "WavWriterNode",
    "register_node_class",
]


def register_node_class(cls: C, *, node_type: str | None = None) -> C:
    """Let manifests that are run by this program name a class without its module.

    Also a decorator. A class of the package cannot be replaced.
    """
    name = node_type or cls.__name__
    if name in MODULES or not callable(getattr(cls, "process", None)):
        from ..core.exceptions import ConfigurationError

        problem = "is a node type already" if name in MODULES else "has no `process` method"
        raise ConfigurationError(f"`{name}` {problem}")
    REGISTERED[name] = cls
    return cls


def __getattr__(name: str) -> object:
    from importlib import import_module

    if name == "Node":
        value: object = import_module("remotemedia.core.node").Node
    elif name in MODULES:
        value = getattr(import_module(f"{__name__}.{MODULES[name]}"), name)
    elif name in UNAVAILABLE:
        raise ImportError(f"{name} is left out: {UNAVAILABLE[name][1]}", name=name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
