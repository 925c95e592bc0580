"""Nodes as the SDK's newer programs write them: `MultiprocessNode`, and `RuntimeData` as items.

Such a node is made as `cls(node_id, config=NodeConfig(...))`, gets each item as RuntimeData and
gives RuntimeData, or anything else that is an item. Here it runs in the process of its pipeline,
like every node: no process is started, and none is needed.
"""

from __future__ import annotations

from .data import AudioMetadata, DataType, RuntimeData, VideoMetadata
from .node import MultiprocessNode, NodeConfig, NodeStatus

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    C = TypeVar("C", bound=type[Any])

__all__ = [
    "AudioMetadata",
    "DataType",
    "MultiprocessNode",
    "NodeConfig",
    "NodeStatus",
    "RuntimeData",
    "VideoMetadata",
    "get_node_class",
    "get_node_requirements",
    "list_registered_nodes",
    "python_requires",
    "register_node",
]


def register_node(node_type: str) -> Callable[[C], C]:
    """Decorate a class so that manifests can name it without its module."""

    def register(cls: C) -> C:
        from ...nodes._registry import REGISTERED

        REGISTERED[node_type] = cls
        cls._registered_as = node_type
        return cls

    return register


def python_requires(deps: list[str]) -> Callable[[C], C]:
    """Decorate a class with the packages that it needs, such as `numpy>=2`.

    Nothing is installed for a run. Where a node fails because a package is missing, its error names
    them.
    """

    def declare(cls: C) -> C:
        cls.__python_requires__ = list(deps)
        return cls

    return declare


def get_node_class(node_type: str) -> type[Any]:
    """The class of a node type: a registered one, one of the package, or `module:Class`.

    Raises KeyError where there is none.
    """
    from ...runtime.bridge import UnknownNodeType, find_class

    try:
        return find_class(node_type)
    except UnknownNodeType as error:
        raise KeyError(str(error)) from None


def get_node_requirements(node_type: str) -> list[str]:
    """The packages that the class of a node type says it needs. Raises KeyError."""
    return list(getattr(get_node_class(node_type), "__python_requires__", ()))


def list_registered_nodes() -> list[str]:
    """The node types that `register_node` and `register_node_class` have named so far."""
    from ...nodes._registry import REGISTERED

    return list(REGISTERED)
