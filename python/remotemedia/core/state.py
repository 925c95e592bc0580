"""What a node remembers of each session."""

from __future__ import annotations

from _thread import allocate_lock
from time import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta
    from typing import Any

_DAY = 24 * 60 * 60.0


def seconds(span: timedelta | float) -> float:
    """A span of time, given as a timedelta or in seconds, in seconds."""
    return float(span) if isinstance(span, (int, float)) else span.total_seconds()


class SessionState:
    """What one node remembers of one session."""

    __slots__ = ("_accessed", "_created", "data", "metadata", "session_id")

    def __init__(self, session_id: str) -> None:
        self.session_id = session_id
        self.data: dict[str, Any] = {}
        self.metadata: dict[str, Any] = {}
        self._created = self._accessed = time()

    def __repr__(self) -> str:
        return f"SessionState({self.session_id!r}, {len(self.data)} values)"

    @property
    def created_at(self) -> datetime:
        """When the session was first seen (local time)."""
        from datetime import datetime

        return datetime.fromtimestamp(self._created)

    @property
    def last_accessed(self) -> datetime:
        """When the state was last read or written (local time)."""
        from datetime import datetime

        return datetime.fromtimestamp(self._accessed)

    def update_access_time(self) -> None:
        """Count this moment as the last use."""
        self._accessed = time()

    def get(self, key: str, default: Any = None) -> Any:
        """The value under `key`, or `default`."""
        self._accessed = time()
        return self.data.get(key, default)

    def set(self, key: str, value: Any) -> None:
        """Keep `value` under `key`."""
        self._accessed = time()
        self.data[key] = value

    def update(self, updates: Mapping[str, Any]) -> None:
        """Keep several values."""
        self._accessed = time()
        self.data.update(updates)

    def clear(self) -> None:
        """Forget all values."""
        self._accessed = time()
        self.data.clear()


class StateManager:
    """The states of a node's sessions, each forgotten after some time without use.

    Sessions that are out of date are dropped whenever the manager is used, so no thread or task has
    to run for it; `start_cleanup_task` is there for programs that idle for long. When
    `max_sessions` are in use, the one that was used least recently makes room for the next.
    """

    def __init__(
        self,
        default_ttl: timedelta | float | None = None,
        max_sessions: int | None = None,
        enable_persistence: bool = False,
    ) -> None:
        self._states: dict[str, SessionState] = {}
        self._lock = allocate_lock()
        self._ttl = _DAY if default_ttl is None else seconds(default_ttl)
        self.max_sessions = max_sessions
        self.enable_persistence = enable_persistence
        self._cleanup_task: Any = None

    @property
    def default_ttl(self) -> timedelta:
        """How long a session is kept without use."""
        from datetime import timedelta

        return timedelta(seconds=self._ttl)

    def _drop_expired(self) -> int:
        limit = time() - self._ttl
        expired = [key for key, state in self._states.items() if state._accessed < limit]
        for key in expired:
            del self._states[key]
        return len(expired)

    async def get_or_create_session(self, session_id: str) -> SessionState:
        """The state of the session, new if there is none."""
        with self._lock:
            self._drop_expired()
            state = self._states.get(session_id)
            if state is None:
                if self.max_sessions and len(self._states) >= self.max_sessions:
                    oldest = min(self._states.values(), key=lambda known: known._accessed)
                    del self._states[oldest.session_id]
                state = self._states[session_id] = SessionState(session_id)
            state._accessed = time()
            return state

    async def get_session(self, session_id: str) -> SessionState | None:
        """The state of the session, None if there is none."""
        with self._lock:
            self._drop_expired()
            return self._states.get(session_id)

    async def delete_session(self, session_id: str) -> bool:
        """Forget one session. Says whether there was one."""
        with self._lock:
            return self._states.pop(session_id, None) is not None

    async def get_all_sessions(self) -> dict[str, SessionState]:
        """All states by session."""
        with self._lock:
            self._drop_expired()
            return dict(self._states)

    async def clear_all_sessions(self) -> None:
        """Forget all sessions."""
        with self._lock:
            self._states.clear()

    async def cleanup_expired_sessions(self) -> int:
        """Forget the sessions that are out of date. Says how many."""
        with self._lock:
            return self._drop_expired()

    async def start_cleanup_task(self, interval: timedelta | float | None = None) -> None:
        """Drop sessions that are out of date every `interval` (5 minutes) from now on."""
        if self._cleanup_task is not None and not self._cleanup_task.done():
            return
        import asyncio

        pause = 300.0 if interval is None else seconds(interval)

        async def drop_again_and_again() -> None:
            while True:
                await asyncio.sleep(pause)
                await self.cleanup_expired_sessions()

        self._cleanup_task = asyncio.create_task(drop_again_and_again())

    async def stop_cleanup_task(self) -> None:
        """End what `start_cleanup_task` began."""
        task, self._cleanup_task = self._cleanup_task, None
        if task is None or task.done():
            return
        import asyncio

        task.cancel()
        await asyncio.wait([task])
