"""What a node remembers of each session.

Methods act when they are called, and their results may be awaited: a call with `await` and a call
without it do the same. What `SessionState.get` gives is the program's own value, and that can't be.
"""

from __future__ import annotations

from _thread import allocate_lock
from time import time

from ._done import DONE, NO_SESSION, Answer, Done, NoSession, Number, Sessions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator, Mapping
    from datetime import datetime, timedelta
    from typing import Any, Self

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

    def __await__(self) -> Generator[Any, Any, Self]:
        yield from ()
        return self

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

    def set(self, key: str, value: Any) -> Done:
        """Keep `value` under `key`."""
        self._accessed = time()
        self.data[key] = value
        return DONE

    def update(self, updates: Mapping[str, Any]) -> Done:
        """Keep several values."""
        self._accessed = time()
        self.data.update(updates)
        return DONE

    def clear(self) -> Done:
        """Forget all values."""
        self._accessed = time()
        self.data.clear()
        return DONE


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

    def get_or_create_session(self, session_id: str) -> SessionState:
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

    def get_session(self, session_id: str) -> SessionState | NoSession:
        """The state of the session. Where there is none, what is false, and awaited is None."""
        with self._lock:
            self._drop_expired()
            return self._states.get(session_id, NO_SESSION)

    def delete_session(self, session_id: str) -> Answer:
        """Forget one session. Says whether there was one."""
        with self._lock:
            return Answer(self._states.pop(session_id, None) is not None)

    def get_all_sessions(self) -> Sessions:
        """All states by session."""
        with self._lock:
            self._drop_expired()
            return Sessions(self._states)

    def clear_all_sessions(self) -> Done:
        """Forget all sessions."""
        with self._lock:
            self._states.clear()
        return DONE

    def cleanup_expired_sessions(self) -> Number:
        """Forget the sessions that are out of date. Says how many."""
        with self._lock:
            return Number(self._drop_expired())

    def start_cleanup_task(self, interval: timedelta | float | None = None) -> Done:
        """Drop sessions that are out of date every `interval` (5 minutes) from now on.

        Without a running event loop nothing is started: they are dropped at the next use anyway.
        """
        if self._cleanup_task is not None and not self._cleanup_task.done():
            return DONE
        import asyncio

        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return DONE
        pause = 300.0 if interval is None else seconds(interval)

        async def drop_again_and_again() -> None:
            while True:
                await asyncio.sleep(pause)
                self.cleanup_expired_sessions()

        self._cleanup_task = asyncio.create_task(drop_again_and_again())
        return DONE

    def stop_cleanup_task(self) -> Done:
        """End what `start_cleanup_task` began; awaited, wait for its end too."""
        task, self._cleanup_task = self._cleanup_task, None
        if task is None or task.done():
            return DONE
        task.cancel()
        return Done(_Ended(task))


class _Ended:
    """The end of a task that was cancelled."""

    def __init__(self, task: Any) -> None:
        self._task = task

    def __await__(self) -> Generator[Any, Any, None]:
        import asyncio

        yield from asyncio.wait([self._task]).__await__()
