"""Reads manifests (v1) for the native runner."""

from __future__ import annotations

import re

from .bridge import NodeUnavailable, UnknownNodeType, check_params, describe_error, find_class
from .inspection import nearest
from .values import ValueFormError, field_path, shown, shown_value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from os import PathLike
    from typing import Any

_ID = re.compile(r"[a-zA-Z0-9_-]+\Z")
_TOP_KEYS = ("version", "metadata", "nodes", "connections", "python_env", "runtime")
_NODE_KEYS = (
    "id",
    "node_type",
    "params",
    "is_streaming",
    "is_output_node",
    "capabilities",
    "host",
    "runtime_hint",
    "execution",
    "fast_path",
    "python_deps",
    "media_capabilities",
    "comment",
)
_CAMEL = {
    "nodeType": "node_type",
    "isStreaming": "is_streaming",
    "isOutputNode": "is_output_node",
    "runtimeHint": "runtime_hint",
    "fastPath": "fast_path",
    "pythonDeps": "python_deps",
    "mediaCapabilities": "media_capabilities",
    "pythonEnv": "python_env",
    "inputData": "input_data",
}


_VERSIONS = ("v1", "1.0", "1.0.0")
_MOST_PROBLEMS = 100
_MOST_LETTERS = 1000
_MOST_HINTS = 20
_MANY_PATHS = 100_000


class ManifestError(ValueError):
    """The manifest cannot run; `problems` says why, with at most a hundred of them."""

    def __init__(self, problems: list[str]) -> None:
        more = len(problems) - _MOST_PROBLEMS
        if more > 0:
            problems = [*problems[:_MOST_PROBLEMS], f"{more} more problems are not shown"]
        problems = [p if len(p) <= _MOST_LETTERS else p[:_MOST_LETTERS] + "..." for p in problems]
        super().__init__("\n".join(problems))
        self.problems = problems


class NodeSpec:
    """One node of a manifest."""

    __slots__ = ("id", "is_output_node", "node_type", "params")

    def __init__(
        self,
        id: str,
        node_type: str,
        params: dict[str, Any],
        is_output_node: bool,
    ) -> None:
        self.id = id
        self.node_type = node_type
        self.params = params
        self.is_output_node = is_output_node


class Manifest:
    """A manifest that has been read and checked."""

    __slots__ = ("connections", "input_data", "nodes", "order", "warnings")

    def __init__(self) -> None:
        self.nodes: list[NodeSpec] = []
        self.connections: list[tuple[int, int]] = []
        self.order: list[int] = []
        self.warnings: list[str] = []
        self.input_data: list[Any] | None = None


def load(manifest: dict[str, Any] | str | PathLike[str]) -> dict[str, Any]:
    """A manifest as a dict, from a dict, JSON text, or the path of a JSON or YAML file."""
    if isinstance(manifest, dict):
        return manifest
    if isinstance(manifest, str) and manifest.lstrip("\ufeff \t\r\n")[:1] == "{":
        return _parse(manifest, "the manifest")
    with open(manifest, encoding="utf-8-sig") as file:
        text = file.read()
    name = str(manifest)
    if name.endswith((".yaml", ".yml")):
        return _parse_yaml(text, name)
    return _parse(text, name)


def _parse(text: str, name: str) -> dict[str, Any]:
    from .jsonform import parse_json

    try:
        loaded = parse_json(text)
    except (ValueError, ValueFormError) as error:
        raise ManifestError([f"{name} is not JSON: {error}"]) from None
    if not isinstance(loaded, dict):
        raise ManifestError([f"{name} must be an object"])
    try:
        _read_forms(loaded)
    except ValueFormError as error:
        raise ManifestError([str(error)]) from None
    return loaded


def _read_forms(loaded: dict[str, Any]) -> None:
    """Turn what JSON lacks from its form into what it stands for, where values are."""
    from .jsonform import from_json

    if isinstance(loaded.get("input_data"), list):
        items = loaded["input_data"]
        loaded["input_data"] = [from_json(v, f"input_data[{i}]") for i, v in enumerate(items)]
    manifest = loaded.get("manifest", loaded)
    nodes = manifest.get("nodes") if isinstance(manifest, dict) else None
    for i, node in enumerate(nodes if isinstance(nodes, list) else ()):
        # Params are values, with the same forms for what JSON lacks.
        if isinstance(node, dict) and isinstance(node.get("params"), dict):
            where = f"nodes[{i}].params"
            params = node["params"].items()
            node["params"] = {key: from_json(v, field_path(where, key)) for key, v in params}


def _parse_yaml(text: str, name: str) -> dict[str, Any]:
    try:
        from yaml import YAMLError, safe_load  # type: ignore[import-untyped,import-not-found,unused-ignore]
    except ImportError:
        raise ManifestError([f"{name}: YAML needs the package pyyaml here; or use JSON"]) from None
    try:
        loaded = safe_load(text)
    except YAMLError as error:
        raise ManifestError([f"{name} is not YAML: {error}"]) from None
    if not isinstance(loaded, dict):
        raise ManifestError([f"{name} must be a mapping"])
    return loaded


def read(source: dict[str, Any]) -> Manifest:
    """Check a manifest, or a dict with `manifest` and `input_data`."""
    result = Manifest()
    problems: list[str] = []
    if "manifest" in source and "nodes" not in source:
        data = source.get("input_data", source.get("inputData"))
        if data is not None:
            if isinstance(data, list):
                result.input_data = data
            else:
                problems.append("input_data must be a list of items")
        source = source["manifest"]
        if not isinstance(source, dict):
            raise ManifestError(["manifest must be an object"])
    source = _known_keys(source, _TOP_KEYS, "", result.warnings)
    version = source.get("version")
    if not isinstance(version, str):
        problems.append(f'version must be "v1", not {shown_value(version)}')
    elif version not in _VERSIONS:
        result.warnings.append(f"version {shown_value(version)} is read as v1")
    nodes = source.get("nodes")
    if not isinstance(nodes, list) or not nodes:
        raise ManifestError([*problems, "nodes must be a list of at least one node"])
    by_id: dict[str, int] = {}
    for index, entry in enumerate(nodes):
        spec = _node(entry, f"nodes[{index}]", problems, result.warnings)
        if spec.id in by_id:
            problems.append(f"nodes[{index}].id: `{shown(spec.id)}` is used by two nodes")
        by_id.setdefault(spec.id, index)
        result.nodes.append(spec)
    for index, entry in enumerate(source.get("connections") or ()):
        ends = [entry.get(end) for end in ("from", "to")] if isinstance(entry, dict) else [None]
        if not all(isinstance(end, str) for end in ends):
            problems.append(f"connections[{index}] must be an object with `from` and `to`")
            continue
        for where, end in zip(("from", "to"), ends, strict=True):
            if end not in by_id:
                hint = _hint(str(end), by_id, problems)
                name = shown(str(end))
                problems.append(f"connections[{index}].{where}: there is no node `{name}`{hint}")
        if ends[0] in by_id and ends[1] in by_id:
            result.connections.append((by_id[ends[0]], by_id[ends[1]]))
    if not problems:
        _sort(result, problems)
    if problems:
        raise ManifestError(problems)
    return result


def _known_keys(
    entry: dict[str, Any], known: tuple[str, ...], where: str, warnings: list[str]
) -> dict[str, Any]:
    result = {}
    for key, value in entry.items():
        name = _CAMEL.get(key, key)
        if name not in known and name != "comment":
            warnings.append(f"{where}unknown key `{shown(key)}`{_hint(key, known, warnings)}")
        result[name] = value
    return result


def _hint(name: str, known: Iterable[str], said: list[str]) -> str:
    """What was probably meant, while few things are said: looking for it takes its time."""
    meant = nearest(name, list(known)) if len(said) < _MOST_HINTS else None
    return f": did you mean `{meant}`?" if meant else ""


def _node(entry: Any, where: str, problems: list[str], warnings: list[str]) -> NodeSpec:
    if not isinstance(entry, dict):
        problems.append(f"{where} must be an object")
        entry = {}
    entry = _known_keys(entry, _NODE_KEYS, f"{where}: ", warnings)
    id, node_type, params = entry.get("id"), entry.get("node_type"), entry.get("params")
    if not isinstance(id, str) or not _ID.match(id):
        given = shown_value(id)
        problems.append(f"{where}.id must be made of letters, digits, _ and -, not {given}")
    if params is None:
        params = {}
    elif not isinstance(params, dict):
        problems.append(f"{where}.params must be an object")
        params = {}
    if isinstance(node_type, str):
        # Finding out that a type is unknown takes longer than all else.
        if len(problems) < _MOST_PROBLEMS:
            _check_node(node_type, params, where, problems)
    else:
        problems.append(f"{where}.node_type is missing")
    placement = (entry.get("execution") or {}).get("placement")
    if entry.get("host") or placement == "remote":
        problems.append(f"{where}: the node is to run elsewhere, which is not possible here")
    return NodeSpec(
        str(id),
        str(node_type),
        params,
        entry.get("is_output_node") is True,
    )


def _check_node(node_type: str, params: dict[str, Any], where: str, problems: list[str]) -> None:
    try:
        find_class(node_type)
    except (UnknownNodeType, NodeUnavailable) as error:
        problems.append(f"{where}.node_type: {error}")
        return
    except (Exception, SystemExit) as error:
        said = describe_error(error)
        problems.append(f"{where}.node_type: importing `{node_type}` failed: {said}")
        return
    for problem in check_params(node_type, params):
        problems.append(f"{field_path(f'{where}.params', problem.param)}: {problem.message}")


def _sort(manifest: Manifest, problems: list[str]) -> None:
    """Kahn's order; of the nodes that could come next, the first of the manifest does."""
    count = len(manifest.nodes)
    missing = [0] * count
    targets: list[list[int]] = [[] for _ in range(count)]
    for source, to in manifest.connections:
        missing[to] += 1
        targets[source].append(to)
    done = [False] * count
    from heapq import heappop, heappush

    ready: list[int] = [index for index in range(count) if not missing[index]]
    paths = [int(not missing[index]) for index in range(count)]
    while ready:
        index = heappop(ready)
        done[index] = True
        manifest.order.append(index)
        for to in targets[index]:
            paths[to] += paths[index]
            missing[to] -= 1
            if not missing[to]:
                heappush(ready, to)
    if not all(done):
        left = [f"`{n.id}`" for n, d in zip(manifest.nodes, done, strict=True) if not d]
        more = [f"{len(left) - 20} more"] if len(left) > 20 else []
        problems.append(f"connections: a cycle holds up {', '.join(left[:20] + more)}")
    elif max(paths) > _MANY_PATHS:
        # An item that goes on along every path reaches a node as often as paths lead to it.
        index = paths.index(max(paths))
        number = f"{paths[index]}" if paths[index] < 1 << 64 else "more than 10^19"
        manifest.warnings.append(
            f"nodes[{index}]: {number} paths lead to node `{manifest.nodes[index].id}`: "
            "an item may reach it that often"
        )
