"""Types of the native core: `python-core/` in the repository."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

_Outputs = list[tuple[str, list[Any]]]

class Interrupt:
    """Stops what runs, from another thread."""

    def raise_(self) -> None:
        """Stop it."""

class Session:
    """A pipeline at work in an instance of its own."""

    def push(self, item: Any) -> tuple[_Outputs, bool]:
        """Give an item."""
    def pull(self, most: int) -> tuple[_Outputs, bool]:
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
