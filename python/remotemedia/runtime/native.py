"""Pipelines in this Python: the component's own executor, over the Python that runs this.

The core is compiled code: `remotemedia._core`, which wheels have; in the component a part of it is
built in.
"""

from __future__ import annotations

import sys
from _thread import get_ident

from .results import (
    GraphInfo,
    PipelineRunError,
    RunResult,
    invalid_manifest,
    of_manifest,
    result,
    unplaced,
)
from .session import Session
from .source import manifest_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from os import PathLike
    from types import ModuleType
    from typing import Any, TypeVar

    from .loop import Driver
    from .session import Opened

    T = TypeVar("T")
    Manifest = dict[str, Any] | str | PathLike[str]


def core() -> Any:
    """The module that runs pipelines.

    Raises ImportError, which says how to get it.
    """
    if sys.platform == "wasi":
        return __import__("_pipelines")
    try:
        from .. import _core
    except ImportError as error:
        raise ImportError(
            "running a pipeline needs the compiled part of remotemedia, which is not here "
            f"({error}): install the wheel for this platform, or in a checkout make one with "
            "`cargo xtask wheel` and install that. Nodes can be written and imported without it",
            name="remotemedia._core",
        ) from error
    return _core


def run(manifest: Manifest, inputs: Iterable[Any] | None = None) -> RunResult:
    """Run a manifest: a dict, its text (JSON or YAML), or the path of a file.

    Every node without connection in gets all of `inputs`, in order; an item that `to_node` made,
    one of them. Without inputs these nodes have to be sources. `{"manifest": ..., "input_data":
    [...]}` brings its input along. Nodes see copies of the items.

    Nodes run in the thread that calls this: `breakpoint()` stops in them, and Ctrl-C ends them.
    Where an event loop runs in it, use `run_async`.

    Raises PipelineRunError; TypeError for an input that no node could be given.
    """
    text = manifest_text(manifest)
    return result(of_manifest(manifest, apart, core().run, text, inputs), manifest)


async def run_async(manifest: Manifest, inputs: Iterable[Any] | None = None) -> RunResult:
    """Run a manifest as `run` does, in a thread of its own."""
    from asyncio import to_thread

    return await to_thread(run, manifest, inputs)


def check(manifest: Manifest) -> GraphInfo:
    """Check a manifest without running it. Raises PipelineRunError (invalid-manifest)."""
    graph, diagnostics = core().check(manifest_text(manifest))
    if graph is None:
        if isinstance(manifest, dict):
            diagnostics = list(map(unplaced, diagnostics))
        raise invalid_manifest(diagnostics)
    return GraphInfo(**graph)


def list_nodes() -> list[dict[str, Any]]:
    """The node types: name, language, summary, and why one can't be used."""
    listed: list[dict[str, Any]] = core().list_nodes()
    return listed


def session(manifest: Manifest) -> Session:
    """Open a pipeline that is fed and read item by item, in the thread that opens it.

    Use it in a `with` block: leaving that cleans up. Raises PipelineRunError.
    """
    own = OwnLoop()
    try:
        text = manifest_text(manifest)
        opened = of_manifest(manifest, own.call, core().Run, text)
    except BaseException:
        own.close()
        raise
    return _Session(opened, own)


class OwnLoop:
    """The event loop of one pipeline, apart from that of a run around it.

    It begins when a node needs one.
    """

    __slots__ = ("_driver",)

    def __init__(self) -> None:
        self._driver: Driver | None = None

    def call(self, function: Callable[..., T], *arguments: Any) -> T:
        """Call a function that steps the pipeline's nodes."""
        outer = _swap(self._driver)
        try:
            return function(*arguments)
        finally:
            self._driver = _swap(outer)

    def close(self) -> None:
        """Cancel the tasks that are left, and end the loop."""
        driver = self._driver
        if driver is not None:
            from .sandbox_loop import call_detached

            try:
                # Also where the loop of somebody else runs, which a run in it has failed for.
                self.call(call_detached, driver.close)
            finally:
                self._driver = None


def _swap(driver: Driver | None) -> Driver | None:
    """Set the driver of this thread's nodes, and give the one before."""
    loop = sys.modules.get("remotemedia.runtime.loop")
    before: Driver | None = loop.replace(driver) if loop is not None else None
    return before


def apart(function: Callable[..., T], *arguments: Any) -> T:
    """Call a function that runs a pipeline from beginning to end."""
    own = OwnLoop()
    try:
        return own.call(function, *arguments)
    finally:
        own.close()


class _Session(Session):
    """A session whose nodes are in the thread that opened it."""

    def __init__(self, opened: Opened, own: OwnLoop) -> None:
        super().__init__(opened)
        self._own = own
        self._thread = get_ident()

    def _call(self, function: Callable[..., T], *arguments: Any) -> T:
        if get_ident() != self._thread:
            raise RuntimeError("a session belongs to the thread that opened it: use it there")
        return self._own.call(function, *arguments)

    def close(self) -> None:
        """Clean up without flushing. Does nothing to a session that is finished."""
        try:
            super().close()
        finally:
            self._own.close()


def try_load_rust_runtime() -> tuple[bool, ModuleType | None, str | None]:
    """The module that runs pipelines: whether it is here, it, and why it is not."""
    try:
        return True, core(), None
    except ImportError as error:
        return False, None, str(error)


def get_rust_runtime() -> ModuleType | None:
    """The module that runs pipelines; None where it is not here."""
    return try_load_rust_runtime()[1]


def is_rust_runtime_available() -> bool:
    """Whether pipelines can be run here."""
    return try_load_rust_runtime()[0]


__all__ = [
    "GraphInfo",
    "PipelineRunError",
    "RunResult",
    "check",
    "get_rust_runtime",
    "is_rust_runtime_available",
    "list_nodes",
    "run",
    "run_async",
    "session",
    "try_load_rust_runtime",
]
