"""Types of the native core: `python-core/` in the repository."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from .runtime.inspection import NodeInfo
from .runtime.runner import Runner

__version__: str

_Outputs = list[tuple[str, list[Any]]]
_Given = tuple[dict[str, Runner], dict[str, NodeInfo]]

def run(source: str, inputs: Iterable[Any] | None, given: _Given | None = None) -> dict[str, Any]:
    """Run a pipeline of this Python to its end, with nodes that are given, by id and by type."""

def check(source: str) -> tuple[dict[str, Any] | None, list[dict[str, Any]]]:
    """Check a manifest."""

def list_nodes() -> list[dict[str, Any]]:
    """List the node types."""

class Run:
    """A pipeline of this Python that is fed and read item by item, in the thread that makes it."""

    def __new__(cls, source: str, given: _Given | None = None) -> Run: ...
    def push(self, item: Any, /) -> tuple[_Outputs, bool]:
        """Give an item."""
    def pull(self, most: int, /) -> tuple[_Outputs, bool]:
        """Go on with what is under way."""
    def end(self) -> tuple[_Outputs, bool]:
        """End the input."""
    def finish(self) -> dict[str, Any]:
        """End the run."""
    def close(self) -> None:
        """Clean up without flushing."""

class Interrupt:
    """Stops what runs, from another thread."""

    def raise_(self) -> None:
        """Stop it."""

class Session:
    """A pipeline at work in an instance of its own."""

    def push(self, item: Any, /) -> tuple[_Outputs, bool]:
        """Give an item."""
    def pull(self, most: int, /) -> tuple[_Outputs, bool]:
        """Go on with what is under way."""
    def end(self) -> tuple[_Outputs, bool]:
        """End the input."""
    def finish(self) -> dict[str, Any]:
        """End the session."""
    def close(self) -> None:
        """Clean up without flushing."""

class Sandbox:
    """A component in a sandbox."""

    def __new__(
        cls,
        component: Path,
        stdlib: Path,
        python: Path,
        nodes: list[Path],
        installed: bool,
        prints: Callable[[bytes], object] | None,
        baked: Path | None,
    ) -> Sandbox: ...
    def interrupt(self) -> Interrupt:
        """What stops a run that is given it."""
    def run(
        self,
        manifest: str,
        inputs: Iterable[Any] | None,
        limits: dict[str, Any],
        interrupt: Interrupt | None,
    ) -> dict[str, Any]:
        """Run a pipeline to its end."""
    def check(
        self, manifest: str, limits: dict[str, Any]
    ) -> tuple[dict[str, Any] | None, list[dict[str, Any]]]:
        """Check a manifest."""
    def list_nodes(self, limits: dict[str, Any]) -> list[dict[str, Any]]:
        """List the node types."""
    def open(self, manifest: str, limits: dict[str, Any], interrupt: Interrupt | None) -> Session:
        """Open a session."""
