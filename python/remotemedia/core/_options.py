"""What every node takes besides its own params; apart, because it needs `typing`."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from datetime import timedelta


class NodeOptions(TypedDict, total=False):
    """What every node takes besides its own params.

    A class whose `__init__` takes `**options: Unpack[NodeOptions]` takes these and no others:
    `check` then reports any other param as unknown.
    """

    name: str | None
    enable_state: bool
    state_ttl: timedelta | float | None
    max_sessions: int | None
