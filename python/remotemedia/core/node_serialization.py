"""Nodes as bytes, for programs that hand a node to another process of their own.

It needs cloudpickle. The bytes are a pickle: reading them runs what they say, so read only what
your own program has written. Nothing here reads them from the items of a pipeline.
"""

from __future__ import annotations

from .exceptions import SerializationError as _SerializationError
from .node import Node

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = [
    "MAX_SERIALIZED_SIZE_BYTES",
    "SerializationError",
    "deserialize_node_from_ipc",
    "serialize_node_for_ipc",
    "validate_node_serializable",
]

MAX_SERIALIZED_SIZE_BYTES = 100 << 20
_ADVICE = "Implement __getstate__ so that it leaves out what holds locks, files or connections"
_SUSPECT = ("_lock", "_thread", "_file_handle", "_connection", "_socket")


class SerializationError(_SerializationError):
    """A node can't be written as bytes, or bytes are no node."""

    def __init__(self, node_name: str, reason: str, suggestion: str | None = None) -> None:
        message = f"Cannot serialize Node '{node_name}': {reason}"
        super().__init__(f"{message}\nSuggestion: {suggestion}" if suggestion else message)
        self.node_name = node_name
        self.reason = reason
        self.suggestion = suggestion


def _pickle() -> Any:
    try:
        import cloudpickle  # type: ignore[import-untyped,import-not-found,unused-ignore]
    except ImportError:
        advice = "Install it: pip install cloudpickle"
        raise SerializationError("any", "the package cloudpickle is missing", advice) from None
    return cloudpickle


def serialize_node_for_ipc(node: Node) -> bytes:
    """The node as bytes, after its `cleanup`.

    Raises SerializationError where something of it can't be written, and where it has more than
    100 MiB; TypeError for what is no node.
    """
    from ..runtime.runner import finished

    if not isinstance(node, Node):
        raise TypeError(f"Expected Node instance, got {type(node).__name__}")
    try:
        finished(node.cleanup())
        written: bytes = _pickle().dumps(node)
    except SerializationError:
        raise
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        raise SerializationError(node.name, reason, _ADVICE) from error
    if len(written) > MAX_SERIALIZED_SIZE_BYTES:
        reason = f"it takes {len(written)} bytes, and at most {MAX_SERIALIZED_SIZE_BYTES} are taken"
        raise SerializationError(node.name, reason, _ADVICE)
    return written


def deserialize_node_from_ipc(serialized_bytes: bytes) -> Node:
    """The node that `serialize_node_for_ipc` wrote, after its `initialize`.

    Reading runs what the bytes say. Raises SerializationError where they are no node, RuntimeError
    where the node can't be initialized.
    """
    from ..runtime.runner import finished

    try:
        node = _pickle().loads(serialized_bytes)
    except SerializationError:
        raise
    except Exception as error:
        reason = f"Deserialization failed: {type(error).__name__}: {error}"
        advice = "Use the same versions of Python and of the packages on both sides"
        raise SerializationError("unknown", reason, advice) from error
    if not isinstance(node, Node):
        raise SerializationError("unknown", f"the bytes are {type(node).__name__}, not a Node")
    try:
        finished(node.initialize())
    except Exception as error:
        raise RuntimeError(f"Node '{node.name}' can't be initialized: {error}") from error
    return node


def validate_node_serializable(node: Node) -> bool:
    """Whether nothing is known that would be in the way of writing the node."""
    return not node.is_initialized and not any(
        getattr(node, name, None) is not None for name in _SUSPECT
    )
