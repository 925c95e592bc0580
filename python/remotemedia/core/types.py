"""Small shared objects."""

from __future__ import annotations


class _Sentinel:
    """Marks the end of a stream in queues."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "<end of stream>"


_SENTINEL = _Sentinel()
