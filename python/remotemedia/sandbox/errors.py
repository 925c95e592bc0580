"""What can go wrong in a sandbox, and how the native core makes exceptions of it."""

from __future__ import annotations

from ..core.exceptions import PipelineError
from ..runtime.results import failed, invalid_manifest

__all__ = ["Interrupted", "LimitError", "failed", "interrupted", "invalid_manifest", "limit"]


class LimitError(PipelineError):
    """A run met a limit, or the component failed.

    `limit` is the limit's name, as `timeout` or `max-memory`; None where the component failed.
    """

    def __init__(self, message: str, limit: str | None = None) -> None:
        super().__init__(message)
        self.limit = limit


class Interrupted(PipelineError):
    """A run was stopped from outside."""


def limit(message: str, name: str | None) -> LimitError:
    """A limit that was met."""
    return LimitError(message, name)


def interrupted() -> Interrupted:
    """A run that was stopped."""
    return Interrupted("the run was stopped")
