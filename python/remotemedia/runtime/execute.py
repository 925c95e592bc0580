"""The native runner: a manifest in, outputs out, with the same nodes and the same order of items.

Items are carried through the graph depth first: each goes as far as it can before the next. Where
connections meet, items of the first one go on at once and those of the others wait, so that what
arrives is the connections' items one connection after another.
"""

from __future__ import annotations

import sys
from collections import deque

from ..core.exceptions import PipelineError
from .bridge import close_runtime, describe_error, error_text, expand, format_error, open_node
from .manifest import Manifest, ManifestError, NodeSpec, load, read
from .values import ValueFormError, duplicate, plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from os import PathLike
    from typing import Any

    from .loop import Driver
    from .runner import Runner


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
        """What each node did; empty in a native run."""

    @property
    def outputs(self) -> list[Any]:
        """The sinks' items, sink by sink."""
        return [item for items in self.outputs_by_node.values() for item in items]

    def __repr__(self) -> str:
        return f"RunResult(outputs={self.outputs!r}, graph={self.graph!r})"


class PipelineRunError(PipelineError):
    """A run failed.

    `kind` is one of invalid-manifest, needs-input, invalid-input, node-setup-failed, node-failed,
    unrepresentable-output. `item` counts the items that the node was given, from 0. `outputs` is
    what the sinks had given before.
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

    def __str__(self) -> str:
        if self.node_id is None:
            return self.message
        at = "" if self.item is None else f", item {self.item}"
        return f"node `{self.node_id}` ({self.node_type}{at}): {self.message}"


class _Place:
    """A node in the graph, while it runs."""

    __slots__ = (
        "feeds",
        "given",
        "index",
        "is_output",
        "outputs",
        "queues",
        "runner",
        "spec",
    )

    def __init__(self, index: int, spec: NodeSpec, runner: Runner) -> None:
        self.index = index
        self.spec = spec
        self.runner = runner
        self.given = 0
        self.outputs: list[Any] = []
        self.is_output = spec.is_output_node
        self.feeds: list[tuple[_Place, int]] = []
        """The places that get what it gives, and which of their connections that is."""
        self.queues: list[deque[Any]] = []
        """For each connection that leads here, items that have to wait."""

    def accept(self, item: Any) -> Iterator[Any]:
        """Give the node an item."""
        runner = self.runner
        self.given += 1
        return runner.push(item) if runner.streaming else expand(runner.process(item))


class _Run:
    def __init__(self, manifest: Manifest) -> None:
        self.manifest = manifest
        self.places: list[_Place] = []
        self.initialised: list[_Place] = []

    def outputs(self) -> list[Any]:
        return [item for place in self.places for item in place.outputs]

    def failed(
        self, kind: str, place: _Place, error: BaseException, item: int | None = None
    ) -> PipelineRunError:
        if isinstance(error, (KeyboardInterrupt, GeneratorExit)):
            # Not the node's doing: somebody ends the whole program.
            raise error
        form = isinstance(error, ValueFormError)
        message = error_text(error) if form else describe_error(error)
        return PipelineRunError(
            kind,
            message,
            place.spec.id,
            place.spec.node_type,
            item,
            format_error(error),
            self.outputs(),
        )

    def open(self) -> None:
        made: dict[int, _Place] = {}
        for index in self.manifest.order:
            spec = self.manifest.nodes[index]
            try:
                runner = open_node(spec.node_type, spec.id, spec.params)
            except BaseException as error:
                place = _Place(index, spec, None)  # type: ignore[arg-type]
                raise self.failed("node-setup-failed", place, error) from error
            made[index] = _Place(index, spec, runner)
        self.places = [made[index] for index in range(len(made))]
        for source, to in self.manifest.connections:
            target = self.places[to]
            self.places[source].feeds.append((target, len(target.queues)))
            target.queues.append(deque())
        for place in self.places:
            place.is_output = place.is_output or not place.feeds

    def check_input(self, inputs: list[Any] | None) -> None:
        """Refuse input for sources, and roots that are no sources without input."""
        for place in self._in_order():
            if place.queues or place.runner.source != (inputs is not None):
                continue
            if inputs is None:
                self._refuse(
                    place, "needs input and none was given: pass the items as `inputs` of `run`"
                )
            self._refuse(
                place,
                "makes items of its own and takes none: "
                "run the pipeline without input, or give the node a connection in",
            )

    def _refuse(self, place: _Place, problem: str) -> None:
        spec = place.spec
        raise PipelineRunError("needs-input", problem, spec.id, spec.node_type)

    def _in_order(self) -> list[_Place]:
        return [self.places[index] for index in self.manifest.order]

    def initialise(self) -> None:
        for place in self._in_order():
            try:
                place.runner.initialize()
            except BaseException as error:
                raise self.failed("node-setup-failed", place, error) from error
            self.initialised.append(place)

    def work(self, inputs: list[Any] | None) -> None:
        order = self._in_order()
        roots = [place for place in order if not place.queues]
        for root in roots:
            if inputs is None:
                self._carry(root, root.runner.produce(), None)
                continue
            for item in inputs:
                self._carry_item(root, duplicate(item))
        for place in order:
            for queue in place.queues:
                while queue:
                    self._carry_item(place, queue.popleft())
            self._carry(place, place.runner.finish(), None)

    def _carry_item(self, place: _Place, item: Any) -> None:
        at = place.given
        try:
            results = place.accept(item)
        except BaseException as error:
            raise self.failed("node-failed", place, error, at) from error
        self._carry(place, results, at)

    def _carry(self, place: _Place, results: Iterator[Any], at: int | None) -> None:
        """Carry everything that comes out of a node as far as it goes.

        The stack holds nodes with what they still have to give, or an item still to be given.
        """
        stack: list[tuple[_Place, Iterator[Any] | None, Any]] = [(place, results, at)]
        try:
            while stack:
                here, giving, what = stack[-1]
                if giving is None:
                    stack.pop()
                    what, item = here.given, what
                    try:
                        giving = here.accept(item)
                    except BaseException as error:
                        raise self.failed("node-failed", here, error, what) from error
                    stack.append((here, giving, what))
                try:
                    result = next(giving)
                except StopIteration:
                    stack.pop()
                    continue
                except BaseException as error:
                    raise self.failed("node-failed", here, error, what) from error
                self._fan_out(here, result, what, stack)
        finally:
            for _, giving, _ in reversed(stack):
                close = getattr(giving, "close", None)
                if close is not None:
                    close()

    def _fan_out(
        self,
        place: _Place,
        result: Any,
        at: int | None,
        stack: list[tuple[_Place, Iterator[Any] | None, Any]],
    ) -> None:
        if place.is_output:
            try:
                kept = plain(result, f"outputs[{len(place.outputs)}]")
            except ValueFormError as error:
                raise self.failed("unrepresentable-output", place, error, at) from error
            place.outputs.append(duplicate(kept) if place.feeds else kept)
        onward = []
        for position, (target, connection) in enumerate(place.feeds):
            last = position == len(place.feeds) - 1
            item = result if last else duplicate(result)
            if connection == 0:
                onward.append((target, None, item))
            else:
                target.queues[connection].append(item)
        stack.extend(reversed(onward))

    def clean_up(self) -> PipelineRunError | None:
        """Clean up in reverse order; no failure stops the rest. The first one is returned."""
        first = None
        for place in reversed(self.initialised):
            try:
                place.runner.cleanup()
            except BaseException as error:
                trouble = self.failed("node-failed", place, error)
                trouble.message = f"cleanup failed: {trouble.message}"
                trouble.__cause__ = error
                if first is None:
                    first = trouble
                else:
                    first.message = f"{first.message}\nafter that, {trouble}"
        return first

    def take_apart(self) -> None:
        """Undo the chain of places: freeing a long one at once would exhaust a small stack."""
        for place in self.places:
            place.feeds = []

    def graph(self) -> GraphInfo:
        return graph_info(self.manifest)


def graph_info(manifest: Manifest) -> GraphInfo:
    """The shape of a manifest's graph."""
    nodes = manifest.nodes
    giving = {source for source, _ in manifest.connections}
    taking = {to for _, to in manifest.connections}
    return GraphInfo(
        len(nodes),
        len(nodes) - len(giving),
        len(nodes) - len(taking),
        [nodes[index].id for index in manifest.order],
    )


def run(
    manifest: dict[str, Any] | str | PathLike[str], inputs: Iterable[Any] | None = None
) -> RunResult:
    """Run a manifest: a dict, JSON text, or the path of a file.

    Every node without connection in gets all of `inputs`, in order. Without inputs these nodes have
    to be sources. `{"manifest": ..., "input_data": [...]}` brings its input along.

    Raises PipelineRunError.
    """
    try:
        parsed = read(load(manifest))
    except ManifestError as error:
        raise PipelineRunError(
            "invalid-manifest", str(error), problems=error.problems
        ) from error.__cause__
    items = parsed.input_data if inputs is None else list(inputs)
    work = _Run(parsed)
    failure: PipelineRunError | None = None
    outer = _other_driver(None)
    try:
        work.open()
        work.check_input(items)
        work.initialise()
        work.work(items)
    except PipelineRunError as error:
        failure = error
        raise
    finally:
        trouble = work.clean_up()
        try:
            close_runtime()
        finally:
            _other_driver(outer)
            work.take_apart()
            if trouble is not None:
                if failure is None:
                    raise trouble
                failure.message = f"{failure.message}\nafter that, {trouble}"
    by_node = {place.spec.id: place.outputs for place in work.places if place.outputs}
    return RunResult(by_node, work.graph(), parsed.warnings)


def _other_driver(driver: Driver | None) -> Driver | None:
    """Put aside the event loop of a run whose node has started this one, or take it up again."""
    loop = sys.modules.get("remotemedia.runtime.loop")
    before: Driver | None = loop.replace(driver) if loop is not None else None
    return before


def check(manifest: dict[str, Any] | str | PathLike[str]) -> GraphInfo:
    """Check a manifest without running it. Raises PipelineRunError (invalid-manifest)."""
    try:
        return graph_info(read(load(manifest)))
    except ManifestError as error:
        raise PipelineRunError(
            "invalid-manifest", str(error), problems=error.problems
        ) from error.__cause__


async def execute_pipeline(manifest: dict[str, Any] | str, enable_metrics: bool = False) -> Any:
    """Run a manifest whose first nodes are sources; gives the outputs as a list.

    `enable_metrics` is there for compatibility and has no effect.
    """
    return await _in_thread(manifest, None)


async def execute_pipeline_with_input(
    manifest: dict[str, Any] | str, input_data: Iterable[Any], enable_metrics: bool = False
) -> Any:
    """Run a manifest on a list of items; gives the outputs as a list."""
    return await _in_thread(manifest, list(input_data))


async def _in_thread(manifest: dict[str, Any] | str, inputs: list[Any] | None) -> list[Any]:
    """Run in a thread of its own: this one has a running event loop."""
    import asyncio

    result = await asyncio.to_thread(run, manifest, inputs)
    return result.outputs


def is_rust_runtime_available() -> bool:
    """Whether this process holds a runtime in Rust: it does not, natively all of it is Python."""
    return False
