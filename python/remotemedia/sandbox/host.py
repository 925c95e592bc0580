"""Sandboxes on the native core: the same host as the program `pipeline`."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from ..runtime.results import GraphInfo, RunResult, items, of_manifest, result, unplaced
from ..runtime.session import AT_ONCE
from ..runtime.session import Session as _Session
from ..runtime.source import manifest_text

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable

    from .. import _core

    Manifest: TypeAlias = dict[str, Any] | str | os.PathLike[str]


OWN = " \n"
"""In place of a manifest: the one in a component that was baked."""


class CheckResult(NamedTuple):
    """What a check of a manifest came to."""

    graph: GraphInfo | None
    """The shape of the graph; None where the manifest can't run."""
    diagnostics: list[dict[str, Any]]
    """What is wrong or doubtful: severity, code, message, help, path, line, column."""

    @property
    def ok(self) -> bool:
        """Whether the manifest can run."""
        return self.graph is not None


class Sandbox:
    """Runs pipelines in the component, each in a fresh instance.

    `dist` is a folder that the build makes: `pipeline.wasm`, `stdlib`, `python`; by default what
    the environment variable PIPELINE_DIST names, or what came with this package. `nodes` are
    directories with modules of your own, which the sandbox can read.

    Limits have the names and defaults of the program `pipeline`; None lifts one. `timeout` is how
    many seconds an instance may live, `max_memory`, `max_output` and `max_log` are MiB,
    `max_open_files` and `max_items` are counts. Each call can have others.

    `baked` is a component that `pipeline bake` made: its pipeline runs where no manifest is named.

    What nodes print goes to standard error, or to `prints`: a function that takes bytes, or a
    logger, which gets a line at a time.

    A sandbox can be used by many threads at the same time.
    """

    def __init__(
        self,
        dist: str | os.PathLike[str] | None = None,
        *,
        nodes: Iterable[str | os.PathLike[str]] = (),
        baked: str | os.PathLike[str] | None = None,
        prints: Callable[[bytes], object] | logging.Logger | None = None,
        **limits: float | None,
    ) -> None:
        core = _native()
        own = Path(__file__).parents[1] / "_dist"
        named = dist or os.environ.get("PIPELINE_DIST") or (own if own.is_dir() else None)
        if named is None:
            raise ValueError(
                "no component came with this package: give the folder of a build as `dist`, or "
                "set PIPELINE_DIST"
            )
        self.dist = Path(named)
        self.nodes = [Path(directory) for directory in nodes]
        self.limits = limits
        python = self.dist / "python"
        own_component = None if baked is None else Path(baked)
        needs = [self.dist / "pipeline.wasm", *self.nodes]
        for needed in needs if own_component is None else [*needs, own_component]:
            if not needed.exists():
                raise FileNotFoundError(f"{needed} is not there")
        self._core: _core.Sandbox = core.Sandbox(
            self.dist / "pipeline.wasm",
            self.dist / "stdlib",
            python,
            self.nodes,
            self.dist == own,
            _lines(prints) if isinstance(prints, logging.Logger) else prints,
            own_component,
        )

    def run(
        self,
        manifest: Manifest = OWN,
        inputs: Iterable[object] | None = None,
        **limits: float | None,
    ) -> RunResult:
        """Run a pipeline: a manifest, its text, or a path to it.

        Without `inputs` it runs on those that stand with the manifest, or on what its sources
        produce. Other threads run meanwhile.

        Raises PipelineRunError where the pipeline fails, and LimitError where it meets a limit.
        """
        text, limits = manifest_text(manifest), {**self.limits, **limits}
        ended = of_manifest(manifest, self._core.run, text, inputs, limits, None)
        return result(ended, manifest)

    async def run_async(
        self,
        manifest: Manifest = OWN,
        inputs: Iterable[object] | None = None,
        **limits: float | None,
    ) -> RunResult:
        """Run a pipeline in a thread; cancelling the task stops the run."""
        text, interrupt = manifest_text(manifest), self._core.interrupt()
        limits = {**self.limits, **limits}
        call = asyncio.to_thread(
            of_manifest, manifest, self._core.run, text, inputs, limits, interrupt
        )
        task = asyncio.ensure_future(call)
        try:
            return result(await asyncio.shield(task), manifest)
        except asyncio.CancelledError:
            interrupt.raise_()
            await asyncio.wait([task])
            if not task.cancelled():
                task.exception()  # it was stopped: nobody needs to hear of it
            raise

    def check(self, manifest: Manifest = OWN, **limits: float | None) -> CheckResult:
        """Check whether a manifest can run, without running anything of it."""
        graph, diagnostics = self._core.check(manifest_text(manifest), {**self.limits, **limits})
        if isinstance(manifest, dict):
            diagnostics = list(map(unplaced, diagnostics))
        return CheckResult(GraphInfo(**graph) if graph else None, diagnostics)

    def list_nodes(self, **limits: float | None) -> list[dict[str, Any]]:
        """The node types: name, language, summary, and why one can't be used."""
        return self._core.list_nodes({**self.limits, **limits})

    def session(self, manifest: Manifest = OWN, **limits: float | None) -> Session:
        """Open a pipeline that is fed and read item by item, in an instance of its own.

        Use it in a `with` block: leaving that cleans up. Limits are those of each call, but for
        memory and open files.
        """
        text, interrupt = manifest_text(manifest), self._core.interrupt()
        limits = {**self.limits, **limits}
        opened = of_manifest(manifest, self._core.open, text, limits, interrupt)
        return Session(opened, interrupt)


class Session(_Session):
    """A pipeline in an instance of its own that is fed and read item by item.

    Its nodes keep their state in between. Any thread may use it, one at a time.
    """

    def __init__(self, opened: _core.Session, interrupt: _core.Interrupt) -> None:
        super().__init__(opened)
        self._interrupt = interrupt

    def stop(self) -> None:
        """Stop what another thread does in this session: it raises Interrupted there."""
        self._interrupt.raise_()

    async def astream(self, items: AsyncIterable[object] | Iterable[object]) -> AsyncIterator[Any]:
        """Stream as `stream` does, without holding the event loop."""
        try:
            async for item in _each(items):
                part = await asyncio.to_thread(self._core.push, item)
                async for output in self._arest(part):
                    yield output
            async for output in self._arest(await asyncio.to_thread(self._core.end)):
                yield output
            await asyncio.to_thread(self.finish)
        finally:
            await asyncio.to_thread(self.close)

    async def _arest(self, part: tuple[list[Any], bool]) -> AsyncIterator[Any]:
        outputs, more = part
        while True:
            for output in items(outputs):
                yield output
            if not more:
                return
            outputs, more = await asyncio.to_thread(self._core.pull, AT_ONCE)


async def _each(items: AsyncIterable[object] | Iterable[object]) -> AsyncIterator[object]:
    if hasattr(items, "__aiter__"):
        async for item in items:
            yield item
    else:
        for item in items:
            yield item


def _native() -> Any:
    try:
        from .. import _core
    except ImportError as error:
        raise ImportError(
            "this installation of remotemedia has no native core: install the wheel for this "
            "platform, or use remotemedia.sandbox.wasmtime_py, which needs wasmtime from PyPI"
        ) from error
    return _core


def _lines(logger: logging.Logger) -> Callable[[bytes], None]:
    """What takes bytes and logs the lines in them: of each thread's runs by itself."""
    kept = threading.local()

    def log(given: bytes) -> None:
        *lines, kept.rest = (getattr(kept, "rest", b"") + given).split(b"\n")
        for line in lines:
            logger.info("%s", line.decode(errors="replace"))

    return log
