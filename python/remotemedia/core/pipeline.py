"""A chain of nodes that is put together in Python."""

from __future__ import annotations

from datetime import UTC
from types import AsyncGeneratorType, GeneratorType

from .exceptions import PipelineError, telling
from .node import Node

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterable, Iterable
    from contextlib import AbstractAsyncContextManager
    from typing import Any, Self


class Pipeline:
    """Nodes one after another: run them here, or write them as a manifest.

    `await pipeline.run(items)` does everything. To stream, initialize the pipeline and iterate
    `pipeline.process(stream)`.
    """

    def __init__(self, nodes: Iterable[Node] | None = None, name: str | None = None) -> None:
        self.name = name or f"Pipeline_{id(self)}"
        self.nodes: list[Node] = []
        self._is_initialized = False
        for node in nodes or ():
            self.add_node(node)

    def __repr__(self) -> str:
        return f"Pipeline({self.name!r}, {[node.name for node in self.nodes]})"

    def __len__(self) -> int:
        return len(self.nodes)

    @property
    def is_initialized(self) -> bool:
        """Whether the nodes are initialized."""
        return self._is_initialized

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
        if self._is_initialized:
            raise PipelineError("nodes cannot be added to an initialized pipeline")
        if not isinstance(node, Node):
            raise PipelineError(f"{node!r} is not a Node")
        self.nodes.append(node)
        return self

    def remove_node(self, node_name: str) -> bool:
        """Take out the first node of this name. Says whether there was one."""
        if self._is_initialized:
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
            "is_initialized": self._is_initialized,
        }

    def to_manifest(
        self, include_capabilities: bool = True, description: str | None = None
    ) -> dict[str, Any]:
        """The pipeline as a manifest: ids are `name_index`, each node feeds the next."""
        from datetime import datetime

        ids = [f"{node.name}_{index}" for index, node in enumerate(self.nodes)]
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

    def serialize(self, include_capabilities: bool = True, description: str | None = None) -> str:
        """The manifest as JSON text."""
        from ..runtime.jsonform import format_json, to_json

        manifest = self.to_manifest(include_capabilities, description)
        return format_json(to_json(manifest, "manifest"), 2)

    async def initialize(self) -> None:
        """Initialize the nodes, the first one first. If one fails, all are cleaned up."""
        if self._is_initialized:
            return
        if not self.nodes:
            raise PipelineError("the pipeline has no nodes")
        try:
            for node in self.nodes:
                await _settled(node.initialize())
        except Exception as error:
            await self._clean_up(quietly=True)
            message = f"node {node.name!r} could not be initialized: {telling(error)}"
            raise PipelineError(message) from error
        self._is_initialized = True

    async def cleanup(self) -> None:
        """Clean up the nodes, the last one first; the first failure is raised at the end."""
        await self._clean_up(quietly=False)

    async def _clean_up(self, quietly: bool) -> None:
        self._is_initialized = False
        first: Exception | None = None
        for node in reversed(self.nodes):
            try:
                await _settled(node.cleanup())
            except Exception as error:
                first = first or error
        if first is not None and not quietly:
            raise first

    async def process(self, stream: AsyncIterable[Any] | None = None) -> AsyncGenerator[Any, None]:
        """Yield what comes out of the last node.

        Without a stream, the first node has to be a source.
        """
        if not self._is_initialized:
            raise PipelineError("the pipeline must be initialized first")
        nodes = self.nodes
        if stream is None:
            stream = _produced(nodes[0])
            nodes = nodes[1:]
        for node in nodes:
            stream = _through(node, stream)
        async for item in stream:
            yield item

    async def run(self, input_data: Any = None, use_rust: bool = True) -> Any:
        """Run the pipeline on a list of items, or on one item.

        Gives None for no output, the output itself if there is one, otherwise a list. `use_rust` is
        there for compatibility and has no effect.
        """
        stream = None if input_data is None else _items(input_data)
        await self.initialize()
        try:
            results = [item async for item in self.process(stream)]
        except BaseException:
            await self._clean_up(quietly=True)
            raise
        await self.cleanup()
        return results if len(results) > 1 else (results[0] if results else None)

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


async def _settled(result: Any) -> Any:
    return await result if hasattr(type(result), "__await__") else result


async def _items(input_data: Any) -> AsyncGenerator[Any, None]:
    for item in input_data if isinstance(input_data, list) else [input_data]:
        yield item


async def _expanded(result: Any) -> AsyncGenerator[Any, None]:
    """What `process` returned, item by item."""
    result = await _settled(result)
    if isinstance(result, AsyncGeneratorType):
        async for item in result:
            if item is not None:
                yield item
    elif isinstance(result, GeneratorType):
        for item in result:
            if item is not None:
                yield item
    elif result is not None:
        yield result


async def _produced(node: Node) -> AsyncGenerator[Any, None]:
    from ..runtime.inspection import needs_item, takes_item

    if not (node.is_source or not takes_item(node.process)):
        raise PipelineError(
            f"node {node.name!r} needs input: pass items to run(), or a stream to process()"
        )
    arguments = (None,) if needs_item(node.process) else ()
    while True:
        result = await _settled(node.process(*arguments))
        if result is None:
            return
        async for item in _expanded(result):
            yield item
        if isinstance(result, (AsyncGeneratorType, GeneratorType)):
            return


async def _through(node: Node, stream: AsyncIterable[Any]) -> AsyncGenerator[Any, None]:
    from ..runtime.inspection import is_async_function, takes_stream

    if not takes_stream(node):
        async for item in stream:
            async for result in _expanded(node.process(item)):
                yield result
    else:
        given: Any = stream
        if not is_async_function(node.process):
            from ..runtime.loop import ItemStream

            given = ItemStream(None)
            async for item in stream:
                given.put(item)
            given.end()
        async for result in _expanded(node.process(given)):
            yield result
    flush = getattr(node, "flush", None)
    if callable(flush):
        async for result in _expanded(flush()):
            yield result
