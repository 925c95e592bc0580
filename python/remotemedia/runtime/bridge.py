"""What the executor calls: which nodes there are, and how to run one.

The executor goes through this module natively as in the sandbox: a node behaves the same in both.
"""

from __future__ import annotations

import sys
from importlib import import_module

from ..nodes._registry import MODULES, REGISTERED, UNAVAILABLE
from . import importing, inspection
from .importing import look_around, packages
from .inspection import NodeInfo, ParamInfo, ParamProblem, nearest
from .runner import Runner, expand
from .values import explain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = [
    "NodeInfo",
    "NodeUnavailable",
    "ParamInfo",
    "ParamProblem",
    "Runner",
    "UnknownNodeType",
    "check_params",
    "classes_of_file",
    "close_runtime",
    "describe",
    "describe_error",
    "error_text",
    "expand",
    "explain",
    "format_error",
    "look_around",
    "node_infos",
    "open_node",
    "packages",
]


class UnknownNodeType(LookupError):
    """There is no node of this type; the message says what there is instead."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


class NodeUnavailable(UnknownNodeType):
    """The node type is known but cannot be used here; the message says what it needs."""


_classes: dict[str, type] = {}
_infos: dict[str, NodeInfo] = {}


def node_infos() -> list[NodeInfo]:
    """Every node type of `remotemedia.nodes`, by name, those that are left out too.

    In the sandbox also the user's own, in the directories that were granted.
    """
    infos = [describe(name) for name in (*MODULES, *REGISTERED)]
    for name, (summary, reason) in UNAVAILABLE.items():
        if name not in REGISTERED:
            infos.append(NodeInfo(name, summary, [], False, False, reason))
    infos.sort(key=lambda info: info.node_type)
    return infos + _own_infos() if sys.platform == "wasi" else infos


def _own_infos() -> list[NodeInfo]:
    """The node classes in the user's own modules. One that can't be imported is there as well."""
    from . import finding

    infos: list[NodeInfo] = []
    for module_name, names in finding.node_modules():
        for name in names:
            node_type = f"{module_name}:{name}"
            try:
                infos.append(describe(node_type))
            except Exception as error:
                said = (
                    error_text(error) if type(error) is NodeUnavailable else describe_error(error)
                )
                said = said.removeprefix(f"node type `{node_type}`: ")
                if type(error) is not UnknownNodeType:
                    infos.append(NodeInfo(node_type, "", [], False, False, said))
    return sorted(infos, key=lambda info: info.node_type)


def describe(node_type: str) -> NodeInfo:
    """What is known of a node type: one of the package's own, or `module:Class`.

    Raises UnknownNodeType. An exception that a module raises while it is imported comes through.
    """
    cls = find_class(node_type)
    info = _infos.get(node_type)
    if info is None or node_type in REGISTERED:
        info = _infos[node_type] = inspection.inspect_class(node_type, cls)
    return info


def check_params(node_type: str, params: dict[str, object]) -> list[ParamProblem]:
    """What is wrong with the params, without making a node."""
    return inspection.check_params(find_class(node_type), params)


def open_node(node_type: str, node_id: str, params: dict[str, object]) -> Runner:
    """Make a node and what runs it."""
    return Runner(make(find_class(node_type), node_type, node_id, params))


def make(cls: Any, node_type: str, node_id: str, params: dict[str, object]) -> object:
    """Make a node of a class, whatever its constructor takes."""
    signature = inspection.init_signature(cls)
    names = {param.name for param in signature.params} | signature.takes
    if inspection.takes_config(cls):
        from ..core.multiprocessing import NodeConfig

        named = [param.name for param in signature.params]
        given = {name: value for name, value in params.items() if name in named}
        given["config"] = NodeConfig(node_id, node_type, params)
        if named[:1] != ["config"]:
            given.pop("node_id", None)
            return cls(node_id, **given)
        if "node_id" in named:
            given["node_id"] = node_id
        return cls(**given)
    if not signature.open:
        # The options that every node takes are for those that take them.
        params = {
            key: value
            for key, value in params.items()
            if key in names or key not in inspection._BASE_OPTIONS
        }
    if "node_id" in names and "node_id" not in params:
        params = {**params, "node_id": node_id}
    return cls(**params)


def close_runtime() -> None:
    """The run is over: cancel the tasks that are left and close the event loop, if there is one.

    In the sandbox that is the exit of the program too.
    """
    loop = sys.modules.get("remotemedia.runtime.loop")
    profiling = sys.modules.get("remotemedia.runtime.profiling")
    try:
        if loop is not None:
            loop.close()
    finally:
        if profiling is not None and profiling.active is not None:
            profiling.active.tell()
        if sys.platform == "wasi":
            from .at_exit import run

            run()


def find_class(node_type: str) -> type:
    """The class of a node type."""
    cls = REGISTERED.get(node_type) or _classes.get(node_type)
    if cls is None:
        cls = _class_in_module(node_type) if ":" in node_type else _class_by_name(node_type)
        _classes[node_type] = cls
    return cls


def _class_by_name(node_type: str) -> type:
    if node_type in MODULES:
        cls: type = getattr(import_module(f"remotemedia.nodes.{MODULES[node_type]}"), node_type)
        return cls
    if own := _own_class(node_type):
        return own
    if node_type in UNAVAILABLE:
        raise NodeUnavailable(f"node type `{node_type}` is left out: {UNAVAILABLE[node_type][1]}")
    meant = nearest(node_type, [*MODULES, *REGISTERED, *UNAVAILABLE])
    hint = f": did you mean `{meant}`?" if meant else ""
    module, dot, name = node_type.rpartition(".")
    if dot and module and name:
        hint = f": for a class of your own write `{module}:{name}`"
    elif not meant:
        hint = ": a class of your own is named `module:Class`"
    raise UnknownNodeType(f"unknown node type `{node_type}`{hint}")


def _own_class(node_type: str) -> type | None:
    """The class that a name alone, or `module.Class`, means among the user's own files."""
    from . import finding

    module, _, name = node_type.rpartition(".")
    if module:
        return _class_in_module(f"{module}:{name}") if finding.is_own_module(module) else None
    found = finding.by_name(node_type)
    if len(found) > 1:
        paths = " and ".join(f"`{one.path}`" for one in found)
        choices = " or ".join(f"`{one.name}`" for one in found)
        raise UnknownNodeType(f"node type `{node_type}` is in {paths}: write {choices}")
    return found[0].cls if found else None


def classes_of_file(path: str) -> list[tuple[str, str]]:
    """The node classes of a file that a configuration names.

    Of each, how a manifest names it, and a name that it goes by: that of the class, and the one
    that it is registered under.
    """
    from . import finding

    names = []
    for found in finding.in_file(path):
        names.append((found.name, found.cls.__name__))
        if found.registered is not None:
            names.append((found.name, found.registered))
    return names


def _class_in_module(node_type: str) -> type:
    module_name, _, path = node_type.partition(":")
    parts = path.split(".")
    # Names of files may begin with a digit: they can be imported, although no statement can do so.
    names = (*(f"_{part}" for part in module_name.split(".")), *parts)
    if not all(name.isidentifier() for name in names) or "" in module_name.split("."):
        raise UnknownNodeType(f"`{node_type}` is not a node type: it must read `module:Class`")
    from .finding import import_own

    try:
        module = import_own(module_name)
    except ModuleNotFoundError as error:
        missing = error.name
        if missing is None:
            # There is more to say than that it is missing.
            said = f"node type `{node_type}`: {error_text(error)}"
            raise NodeUnavailable(said) from error
        if missing == module_name or module_name.startswith(f"{missing}."):
            where = ", ".join(f"`{entry or '.'}`" for entry in sys.path)
            if sys.platform == "wasi" and not any(it.startswith("/nodes/") for it in sys.path):
                where += "; no directory with nodes was given, as by `--nodes DIR`"
            raise UnknownNodeType(
                f"node type `{node_type}`: there is no module `{missing}` (looked in {where})"
            ) from None
        why = "is left out here" if missing.startswith("remotemedia.") else "is not installed"
        raise NodeUnavailable(
            f"node type `{node_type}`: module `{module_name}` needs `{missing}`, which {why}"
        ) from error
    found: Any = module
    for part in parts:
        found = getattr(found, part, None)
    if isinstance(found, type) and callable(getattr(found, "process", None)):
        return found
    if found is not None:
        what = "has no `process` method" if isinstance(found, type) else "is not a class"
        raise UnknownNodeType(f"node type `{node_type}`: `{path}` in `{module_name}` {what}")
    candidates = [
        name
        for name, value in vars(module).items()
        if isinstance(value, type) and callable(getattr(value, "process", None))
    ]
    meant = nearest(path, candidates)
    own = [name for name in candidates if getattr(module, name).__module__ == module_name]
    if meant:
        hint = f": did you mean `{module_name}:{meant}`?"
    elif own:
        hint = f" (its node classes: {', '.join(own)})"
    else:
        hint = " (it has no node classes)"
    namesake = importing.namesake(module_name)
    if namesake is not None and getattr(module, "__file__", None) != namesake:
        hint = f": this is the standard library's module; rename `{namesake}`, which has its name"
    raise UnknownNodeType(f"node type `{node_type}`: no class `{path}` in `{module_name}`{hint}")


def error_text(error: BaseException) -> str:
    """What an exception says. Its own `__str__` may fail."""
    try:
        return str(error)
    except Exception:
        return "<its text can't be shown>"


def describe_error(error: BaseException) -> str:
    """An exception in one line, as Python would show it, with advice where there is some."""
    kind, text = type(error).__qualname__, error_text(error)
    if isinstance(error, SyntaxError) and error.filename and error.lineno:
        # It names the file alone, without its directory.
        text = f"{error.msg} ({error.filename}, line {error.lineno})"
    return (f"{kind}: {text}" if text else kind) + importing.hint(error)


def format_error(error: BaseException) -> str:
    """A traceback as Python prints it, without the frames of this package's runtime.

    Those of the import system go too, if there are others.
    """
    from traceback import TracebackException

    here = __file__.rpartition("bridge")[0]
    hidden = (here, sys.modules["importlib"].__file__ or here, "<frozen importlib.")
    summary = TracebackException.from_exception(error, compact=True)
    pending: list[Any] = [summary]
    while pending:
        part = pending.pop()
        kept = [frame for frame in part.stack if not frame.filename.startswith(hidden)]
        if kept:
            part.stack[:] = kept
        elif getattr(part, "lineno", None) is not None:
            # A syntax error has its own place.
            part.stack = None
        pending.extend(p for p in (part.__cause__, part.__context__) if p is not None)
        pending.extend(part.exceptions or ())
    return "".join(summary.format()).rstrip("\n")
