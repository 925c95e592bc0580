"""The functions of the SDK that run a pipeline of any form."""

from __future__ import annotations

from .chain import chain
from .native import apart, core, run
from .results import of_manifest, result
from .source import manifest_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from os import PathLike
    from typing import Any, TypeAlias

    from ..core.node import Node
    from ..core.pipeline import Pipeline
    from .results import RunResult

    Chain: TypeAlias = Pipeline | Sequence[Node | dict[str, Any]]
    Runnable: TypeAlias = Chain | dict[str, Any] | str | PathLike[str]


async def execute_pipeline(pipeline: Runnable, enable_metrics: bool = False) -> Any:
    """Run a pipeline whose first nodes are sources; gives the outputs as a list.

    The pipeline is a manifest (a dict, its text, a path), a `Pipeline`, or a list of nodes one
    after another: objects, entries of a manifest, or both. Objects are initialised and cleaned up,
    and may give any object. With `enable_metrics` the result is `{"outputs": [...],
    "metrics": {...}}`, as `metrics` of this module says.

    Raises PipelineRunError; TypeError and ValueError for what is no pipeline.
    """
    return await _execute(pipeline, None, enable_metrics)


async def execute_pipeline_with_input(
    pipeline: Runnable, input_data: Iterable[Any], enable_metrics: bool = False
) -> Any:
    """Run a pipeline, as `execute_pipeline` does, on a list of items."""
    return await _execute(pipeline, list(input_data), enable_metrics)


async def _execute(pipeline: Runnable, inputs: list[Any] | None, enable_metrics: bool) -> Any:
    from asyncio import to_thread
    from time import perf_counter

    begun = perf_counter()
    # In a thread of its own: this one has a running event loop.
    ended = await to_thread(_run, pipeline, inputs)
    if not enable_metrics:
        return ended.outputs
    name = getattr(pipeline, "name", None) or "pipeline"
    return {"outputs": ended.outputs, "metrics": metrics(name, ended, perf_counter() - begun)}


def _run(pipeline: Any, inputs: list[Any] | None) -> RunResult:
    nodes = getattr(pipeline, "nodes", pipeline)
    if not isinstance(nodes, (list, tuple)):
        return run(pipeline, inputs)
    manifest, given = chain(nodes)
    ended = of_manifest(manifest, apart, core().run, manifest_text(manifest), inputs, given)
    return result(ended, manifest)


def metrics(name: str, ended: RunResult, seconds: float) -> dict[str, Any]:
    """What a run took, in the SDK's form: in microseconds, in all and by node.

    Of each node: how often it was called (`execution_count`), how many items it gave
    (`items_out`), and its time in all and for a call.
    """

    def of_node(node: dict[str, Any]) -> dict[str, Any]:
        microseconds = node["nanoseconds"] / 1000
        return {
            "node_id": node["node_id"],
            "execution_count": node["items_in"],
            "items_out": node["items_out"],
            "total_duration_us": microseconds,
            "avg_duration_us": microseconds / max(node["items_in"], 1),
        }

    return {
        "pipeline_id": name,
        "total_duration_us": seconds * 1e6,
        "node_metrics": [of_node(node) for node in ended.metrics],
    }
