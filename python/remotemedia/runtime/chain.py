"""Pipelines of nodes that are there already, one after another."""

from __future__ import annotations

from .inspection import inspect_class
from .runner import Runner

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from .inspection import NodeInfo

    Given = tuple[dict[str, Runner], dict[str, NodeInfo]]


class Lent(Runner):
    """Runs a node for a while: who made it initialises it, and cleans it up."""

    __slots__ = ()

    def initialize(self) -> None:
        """Do nothing: it is initialised."""

    def cleanup(self) -> None:
        """Stop what still runs."""
        pump, self._pump = self._pump, None
        if pump is not None:
            pump.cancel()


def identifier(name: object, index: int) -> str:
    """An id for the node of this name at this place; ids have no spaces and the like."""
    text = "".join(char if char.isascii() and char.isalnum() else "_" for char in str(name))
    return f"{text[:200]}_{index}"


def chain(
    nodes: Sequence[object], runner: type[Runner] = Runner
) -> tuple[dict[str, Any], Given | None]:
    """A manifest of nodes one after another, and those among them that are there already.

    A node is an object with a `process` method, or an entry of a manifest, as a dict. Raises
    ValueError where there is none, TypeError for anything else.
    """
    if not nodes:
        raise ValueError("the pipeline has no nodes: give it at least one")
    entries: list[dict[str, Any]] = []
    runners: dict[str, Runner] = {}
    infos: dict[str, NodeInfo] = {}
    wrong: list[str] = []
    for index, node in enumerate(nodes):
        if isinstance(node, dict):
            name = node.get("id") or node.get("node_type") or "node"
            entries.append({**node, "id": identifier(name, index)})
            continue
        cls = type(node)
        if isinstance(node, type) or not callable(getattr(node, "process", None)):
            what = f"the class {node.__name__}" if isinstance(node, type) else cls.__name__
            wrong.append(f"{what} at {index}")
            continue
        node_type = f"{cls.__module__}:{cls.__qualname__}".replace("<locals>.", "")
        id = identifier(getattr(node, "name", cls.__name__), index)
        runners[id] = runner(node)
        infos[node_type] = inspect_class(node_type, cls)
        entries.append({"id": id, "node_type": node_type})
    if wrong:
        raise TypeError(f"neither nodes nor entries of a manifest: {', '.join(wrong)}")
    manifest = {"version": "v1", "nodes": entries, "connections": _connections(entries)}
    return manifest, (runners, infos) if runners else None


def _connections(entries: Iterable[dict[str, Any]]) -> list[dict[str, str]]:
    ids = [entry["id"] for entry in entries]
    return [{"from": first, "to": second} for first, second in zip(ids, ids[1:], strict=False)]
