"""What can go wrong in a sandbox, and how the native core makes exceptions of it."""

from __future__ import annotations

from ..core.exceptions import PipelineError
from ..runtime.execute import PipelineRunError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class LimitError(PipelineError):
    """A run met a limit, or the component failed.

    `limit` is the limit's name, as `timeout` or `max-memory`; None where the component failed.
    """

    def __init__(self, message: str, limit: str | None = None) -> None:
        super().__init__(message)
        self.limit = limit


class Interrupted(PipelineError):
    """A run was stopped from outside."""


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
    return PipelineRunError("invalid-manifest", "; ".join(problems), problems=problems)


def failed(
    *,
    outputs: list[tuple[str, list[Any]]],
    diagnostics: list[dict[str, Any]],
    **fields: Any,
) -> PipelineRunError:
    """A pipeline that failed."""
    items = [item for _, given in outputs for item in given]
    return PipelineRunError(**fields, outputs=items, problems=[show(it) for it in diagnostics])


def limit(message: str, name: str | None) -> LimitError:
    """A limit that was met."""
    return LimitError(message, name)


def interrupted() -> Interrupted:
    """A run that was stopped."""
    return Interrupted("the run was stopped")
