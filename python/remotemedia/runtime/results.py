"""What runs come to: results, and errors. The core makes them, of what it knows."""

from __future__ import annotations

from ..core.exceptions import PipelineError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, TypeVar

    T = TypeVar("T")


class GraphInfo:
    """The shape of a graph."""

    __slots__ = ("execution_order", "node_count", "sink_count", "source_count")

    def __init__(
        self, node_count: int, sink_count: int, source_count: int, execution_order: list[str]
    ) -> None:
        self.node_count = node_count
        self.sink_count = sink_count
        self.source_count = source_count
        self.execution_order = execution_order

    def __repr__(self) -> str:
        return (
            f"GraphInfo(node_count={self.node_count}, sink_count={self.sink_count}, "
            f"source_count={self.source_count}, execution_order={self.execution_order})"
        )

    def to_dict(self) -> dict[str, Any]:
        """The fields by name."""
        return {name: getattr(self, name) for name in sorted(self.__slots__)}


class RunResult:
    """What a run gave."""

    __slots__ = ("graph", "metrics", "outputs_by_node", "warnings")

    def __init__(
        self,
        outputs_by_node: dict[str, list[Any]],
        graph: GraphInfo,
        warnings: list[str],
        metrics: Iterable[dict[str, Any]] = (),
    ) -> None:
        self.outputs_by_node = outputs_by_node
        """The items of each sink that gave some, in the manifest's order."""
        self.graph = graph
        self.warnings = warnings
        self.metrics = list(metrics)
        """What each node did: `node_id`, `items_in`, `items_out`, `nanoseconds`."""

    @property
    def outputs(self) -> list[Any]:
        """The sinks' items, sink by sink."""
        return [item for items in self.outputs_by_node.values() for item in items]

    def __repr__(self) -> str:
        return f"RunResult(outputs={self.outputs!r}, graph={self.graph!r})"


class PipelineRunError(PipelineError):
    """A run failed.

    `kind` is one of invalid-manifest, needs-input, invalid-input, node-setup-failed, node-failed,
    unrepresentable-output, session-closed. `item` counts the items that the node was given, from 0.
    `outputs` is what the sinks had given before. What a node of this Python raised is `__cause__`;
    a sandbox gives its `traceback` alone, as text. `problems` is what is wrong with the manifest,
    and `diagnostics` the same with what is doubtful besides, as dicts: severity, code, message,
    help, path, line, column.
    """

    def __init__(
        self,
        kind: str,
        message: str,
        node_id: str | None = None,
        node_type: str | None = None,
        item: int | None = None,
        traceback: str | None = None,
        outputs: Iterable[Any] = (),
        problems: Iterable[str] = (),
        diagnostics: Iterable[dict[str, Any]] = (),
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.node_id = node_id
        self.node_type = node_type
        self.item = item
        self.traceback = traceback
        self.outputs = list(outputs)
        self.problems = list(problems)
        self.diagnostics = list(diagnostics)

    def __reduce__(self) -> tuple[Any, ...]:
        fields = (self.kind, self.message, self.node_id, self.node_type, self.item)
        more = (self.traceback, self.outputs, self.problems, self.diagnostics)
        return type(self), (*fields, *more)

    def __str__(self) -> str:
        if self.node_id is None:
            return self.message
        at = "" if self.item is None else f", item {self.item}"
        return f"node `{self.node_id}` ({self.node_type}{at}): {self.message}"


def show(diagnostic: dict[str, Any]) -> str:
    """A diagnostic on one line."""
    at = f"{diagnostic['path']}: " if diagnostic["path"] else ""
    line, column = diagnostic["line"], diagnostic["column"]
    place = f" (line {line}, column {column})" if line is not None else ""
    hint = f"; {diagnostic['help']}" if diagnostic["help"] else ""
    return f"{at}{diagnostic['message']}{place}{hint}"


def invalid_manifest(diagnostics: list[dict[str, Any]]) -> PipelineRunError:
    """A manifest that can't run."""
    problems = [show(it) for it in diagnostics if it["severity"] == "error"]
    said = "; ".join(problems)
    return PipelineRunError("invalid-manifest", said, problems=problems, diagnostics=diagnostics)


def of_manifest(manifest: object, function: Callable[..., T], *arguments: Any) -> T:
    """Call a function of a manifest. What it says of one that is no text has no place in a text."""
    if not isinstance(manifest, dict):
        return function(*arguments)
    try:
        return function(*arguments)
    except PipelineRunError as error:
        if error.kind == "invalid-manifest" and error.diagnostics:
            told = invalid_manifest([unplaced(it) for it in error.diagnostics])
            raise told from None
        raise


def unplaced(diagnostic: dict[str, Any]) -> dict[str, Any]:
    """The same without a place in a text."""
    return {**diagnostic, "line": None, "column": None}


def failed(
    *,
    outputs: list[tuple[str, list[Any]]],
    diagnostics: list[dict[str, Any]],
    **fields: Any,
) -> PipelineRunError:
    """A pipeline that failed."""
    return PipelineRunError(
        **fields,
        outputs=items(outputs),
        problems=[show(it) for it in diagnostics],
        diagnostics=diagnostics,
    )


def items(outputs: list[tuple[str, list[Any]]]) -> list[Any]:
    """The items that nodes gave, without the nodes."""
    return [item for _, given in outputs for item in given]


def result(ended: dict[str, Any], manifest: object = None) -> RunResult:
    """A run of a manifest that ended."""
    warnings = ended["warnings"]
    if isinstance(manifest, dict):
        warnings = map(unplaced, warnings)
    return RunResult(
        dict(ended["outputs"]),
        GraphInfo(**ended["graph"]),
        [show(warning) for warning in warnings],
        ended["metrics"],
    )
