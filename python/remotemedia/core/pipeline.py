"""A chain of nodes that is put together in Python."""

from __future__ import annotations

from datetime import UTC

from .exceptions import PipelineError, telling
from .node import Node

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterable, Iterable, Iterator
    from contextlib import AbstractAsyncContextManager
    from typing import Any, Self

    from ..runtime.worker import Worker


class Pipeline:
    """Nodes one after another: run them here, or write them as a manifest.

    `await pipeline.run(items)` does everything. To stream, initialize the pipeline and iterate
    `pipeline.process(stream)`.

    Nodes run in a thread of their own, with an event loop of their own, and one at a time. Any
    object may go in, pass between them, and come out. With `enable_metrics`, `get_metrics` tells
    what the last run took.
    """

    def __init__(
        self,
        nodes: Iterable[Node] | None = None,
        name: str | None = None,
        enable_metrics: bool = False,
    ) -> None:
        self.name = name or f"Pipeline_{id(self)}"
        self.nodes: list[Node] = []
        self.enable_metrics = enable_metrics
        self._metrics: dict[str, Any] | None = None
        self._worker: Worker | None = None
        for node in nodes or ():
            self.add_node(node)

    def __repr__(self) -> str:
        return f"Pipeline({self.name!r}, {[node.name for node in self.nodes]})"

    def __len__(self) -> int:
        return len(self.nodes)

    def __iter__(self) -> Iterator[Node]:
        return iter(self.nodes)

    @property
    def is_initialized(self) -> bool:
        """Whether the nodes are initialized."""
        return self._worker is not None

    @property
    def node_count(self) -> int:
        """How many nodes there are."""
        return len(self.nodes)

    @property
    def remote_node_count(self) -> int:
        """How many of them run elsewhere."""
        return sum(1 for node in self.nodes if node.is_remote)

    def add_node(self, node: Node) -> Self:
        """Append a node. Returns the pipeline, so that calls can be chained."""
        if self.is_initialized:
            raise PipelineError("nodes cannot be added to an initialized pipeline")
        if not isinstance(node, Node):
            raise PipelineError(f"{node!r} is not a Node")
        self.nodes.append(node)
        return self

    def remove_node(self, node_name: str) -> bool:
        """Take out the first node of this name. Says whether there was one."""
        if self.is_initialized:
            raise PipelineError("nodes cannot be removed from an initialized pipeline")
        node = self.get_node(node_name)
        if node is None:
            return False
        self.nodes.remove(node)
        return True

    def get_node(self, node_name: str) -> Node | None:
        """The first node of this name."""
        return next((node for node in self.nodes if node.name == node_name), None)

    def get_config(self) -> dict[str, Any]:
        """Name and nodes."""
        return {
            "name": self.name,
            "node_count": self.node_count,
            "remote_node_count": self.remote_node_count,
            "nodes": [node.get_config() for node in self.nodes],
            "is_initialized": self.is_initialized,
        }

    def get_metrics(self) -> dict[str, Any] | None:
        """What the last run took, where `enable_metrics` is set.

        `pipeline_id`, `total_duration_us`, and `node_metrics`, of each node: `node_id`,
        `execution_count`, `items_out`, `total_duration_us`, `avg_duration_us`.
        """
        return self._metrics

    def to_manifest(
        self, include_capabilities: bool = True, description: str | None = None
    ) -> dict[str, Any]:
        """The pipeline as a manifest: ids are `name_index`, each node feeds the next."""
        from datetime import datetime

        ids = self._ids()
        now = datetime.now(UTC)
        metadata = {"name": self.name, "created_at": now.isoformat().replace("+00:00", "Z")}
        if description:
            metadata["description"] = description
        return {
            "version": "v1",
            "metadata": metadata,
            "nodes": [
                {**node.to_manifest(include_capabilities), "id": id}
                for id, node in zip(ids, self.nodes, strict=True)
            ],
            "connections": [
                {"from": first, "to": second} for first, second in zip(ids, ids[1:], strict=False)
            ],
        }

    def _ids(self) -> list[str]:
        return [f"{node.name}_{index}" for index, node in enumerate(self.nodes)]

    def serialize(self, include_capabilities: bool = True, description: str | None = None) -> str:
        """The manifest as JSON text."""
        from ..runtime.jsonform import format_json, to_json

        manifest = self.to_manifest(include_capabilities, description)
        return format_json(to_json(manifest, "manifest"), 2)

    def export_definition(self) -> dict[str, Any]:
        """The pipeline in the SDK's own form, which names classes: `from_definition` reads it.

        Keys are `name`, `nodes`, `connections`, `metadata` and `dependencies`: the packages that
        the nodes name in an attribute `dependencies`, and this one.
        """
        from time import time

        ids = self._ids()
        packages = {"remotemedia"}
        for node in self.nodes:
            packages.update(getattr(node, "dependencies", ()))
        ports = {"output_port": "default", "input_port": "default"}
        return {
            "name": self.name,
            "nodes": [_definition(id, node) for id, node in zip(ids, self.nodes, strict=True)],
            "connections": [
                {"from_node": first, "to_node": second, **ports}
                for first, second in zip(ids, ids[1:], strict=False)
            ],
            "metadata": {
                "exported_at": time(),
                "node_count": str(self.node_count),
                "remote_node_count": str(self.remote_node_count),
                "has_streaming_nodes": str(any(node.is_streaming for node in self.nodes)),
                "pipeline_type": "linear",
            },
            "dependencies": sorted(packages),
        }

    @classmethod
    async def from_definition(cls, definition: dict[str, Any]) -> Self:
        """Make a pipeline of what `export_definition` gave.

        It imports the modules that the definition names: read no definition that somebody else may
        have written. Raises PipelineError where a node can't be made.
        """
        from importlib import import_module

        pipeline = cls(name=definition.get("name"))
        for entry in definition.get("nodes", ()):
            name = entry.get("class_name") or entry.get("node_type")
            try:
                if entry.get("is_remote"):
                    raise PipelineError("it is to run elsewhere, which is not possible here")
                found: Any = import_module(entry.get("module", "remotemedia.nodes"))
                for part in str(name).split("."):
                    found = getattr(found, part)
                node = found(**entry.get("config", {}))
                if entry.get("is_streaming"):
                    node.is_streaming = True
                pipeline.add_node(node)
            except Exception as error:
                message = f"node {entry.get('node_id', name)!r} could not be made: {telling(error)}"
                raise PipelineError(message) from error
        return pipeline

    async def initialize(self) -> None:
        """Initialize the nodes, the first one first. If one fails, all are cleaned up."""
        from ..runtime.worker import Worker

        if self._worker is not None:
            return
        if not self.nodes:
            raise PipelineError("the pipeline has no nodes")
        worker = Worker(self.nodes)
        failed = await worker.initialize()
        if failed is not None:
            node, error = failed
            message = f"node {node.name!r} could not be initialized: {telling(error)}"
            raise PipelineError(message) from error
        self._worker = worker

    async def cleanup(self) -> None:
        """Clean up the nodes, the last one first; the first failure is raised at the end."""
        worker, self._worker = self._worker, None
        if worker is not None:
            await worker.close()

    async def process(self, stream: AsyncIterable[Any] | None = None) -> AsyncGenerator[Any, None]:
        """Yield what comes out of the last node.

        Without a stream, the first node has to be a source. Raises PipelineRunError where a node
        fails; what it raised is the cause.
        """
        worker = self._worker
        if worker is None:
            raise PipelineError("the pipeline must be initialized first")
        run = worker.open()
        try:
            await run.begin()
            if stream is None:
                async for output in run.pull():
                    yield output
            else:
                async for item in stream:
                    async for output in run.push(item):
                        yield output
            async for output in run.end():
                yield output
            self._note(await run.finish(), run.seconds)
        finally:
            await run.close()

    async def run(self, input_data: Any = None, use_rust: bool = True) -> Any:
        """Run the pipeline on a list of items, or on one item.

        Gives None for no output, the output itself if there is one, otherwise a list. `use_rust` is
        there for compatibility and has no effect. Raises PipelineRunError where a node fails; what
        it raised is the cause.
        """
        items = None
        if input_data is not None:
            items = input_data if isinstance(input_data, list) else [input_data]
        await self.initialize()
        worker = self._worker
        assert worker is not None
        try:
            ended, seconds = await worker.run(items)
        except BaseException:
            from contextlib import suppress

            with suppress(Exception):  # there is another one to raise
                await self.cleanup()
            raise
        await self.cleanup()
        self._note(ended, seconds)
        results = ended.outputs
        return results if len(results) > 1 else (results[0] if results else None)

    def _note(self, ended: Any, seconds: float) -> None:
        from ..runtime.executing import metrics

        self._metrics = metrics(self.name, ended, seconds) if self.enable_metrics else None

    def managed_execution(self) -> AbstractAsyncContextManager[Self]:
        """`async with pipeline.managed_execution():` initializes and cleans up."""
        from contextlib import asynccontextmanager

        async def managed() -> AsyncGenerator[Self, None]:
            await self.initialize()
            try:
                yield self
            finally:
                await self.cleanup()

        return asynccontextmanager(managed)()


def _definition(id: str, node: Node) -> dict[str, Any]:
    """A node in the SDK's form. Its params are those that a manifest would have."""
    cls = type(node)
    remote = getattr(node, "remote_config", None) if node.is_remote else None
    return {
        "node_id": id,
        "node_type": cls.__name__,
        "config": {**node._extract_params(), "name": node.name},
        "is_remote": node.is_remote,
        "remote_endpoint": getattr(remote, "host", None),
        "is_streaming": node.is_streaming,
        "is_source": node.is_source,
        "is_sink": node.is_sink,
        "module": cls.__module__,
        "class_name": cls.__qualname__,
    }
