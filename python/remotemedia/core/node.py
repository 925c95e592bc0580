"""The base class of nodes."""

from __future__ import annotations

from abc import ABC, abstractmethod

from ._done import DONE, NO_SESSION
from .state import SessionState, StateManager

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping
    from datetime import timedelta
    from logging import Logger
    from typing import Any, ClassVar, TypeVar

    from ._done import Done, NoSession
    from ._options import NodeOptions
    from .remote import RemoteExecutorConfig

    F = TypeVar("F", bound=Callable[..., Any])

__all__ = ["BASE_OPTIONS", "Node", "NodeOptions", "RemoteExecutorConfig"]

BASE_OPTIONS = ("name", "enable_state", "state_ttl", "max_sessions")
_METADATA_KEYS = ("session_id", "metadata", "user_name", "timestamp")


def none_is_an_item(process: F) -> F:
    """Mark a `process` whose None goes on like any other item, as in the nodes that pass things on.

    Without the mark None means that nothing goes on. An override has no mark of its own.
    """
    process.none_is_an_item = True  # type: ignore[attr-defined]
    return process


class Node(ABC):
    """One step of a pipeline: override `process`.

    `process(data)` gets one item and returns one (None: nothing goes on), or yields any number. It
    may be `async`. With `is_streaming` it gets one async iterator over all items instead. With
    `is_source`, or when it takes no item, it makes items of its own.

    An `async` `process` of a node with `max_concurrency` above 1 is called for the next items while
    it waits, for so many at a time. What it gives keeps the order of its items. In a session, a
    push waits for all of its items.

    `initialize`, `cleanup` and an optional `flush` (called when there are no more items, its result
    goes on) may be ordinary methods or `async`. Those of this class, and `get_session_state`, are
    called with `await` or without it: they have acted when they return.
    """

    is_streaming: bool = False
    is_source: bool = False
    is_sink: bool = False
    max_concurrency: int = 1
    is_remote: ClassVar[bool] = False

    def __init__(
        self,
        name: str | None = None,
        enable_state: bool = True,
        state_ttl: timedelta | float | None = None,
        max_sessions: int | None = None,
        **kwargs: Any,
    ) -> None:
        self.name: str = name or type(self).__name__
        self.config: dict[str, Any] = kwargs
        self.enable_state = enable_state
        self.state: StateManager | None = (
            StateManager(state_ttl, max_sessions) if enable_state else None
        )
        self._is_initialized = False
        self._current_session_id: str | None = None
        self._logger: Logger | None = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}(name={self.name!r})"

    def __getstate__(self) -> dict[str, Any]:
        """What is kept where the node is copied or written: all but its sessions and its logger."""
        kept = dict(vars(self))
        kept.update(_logger=None, _is_initialized=False)
        if self.state is not None:
            # Sessions belong to the process that has them.
            kept["state"] = (self.state.default_ttl, self.state.max_sessions)
        return kept

    def __setstate__(self, kept: dict[str, Any]) -> None:
        state = kept.get("state")
        vars(self).update(kept)
        if isinstance(state, tuple):
            self.state = StateManager(*state)

    @property
    def logger(self) -> Logger:
        """A logger that is named after the class."""
        if self._logger is None:
            from logging import getLogger

            self._logger = getLogger(type(self).__name__)
        return self._logger

    @logger.setter
    def logger(self, logger: Logger) -> None:
        self._logger = logger

    @property
    def is_initialized(self) -> bool:
        """Whether `initialize` has run."""
        return self._is_initialized

    @abstractmethod
    def process(self, data: Any) -> Any:
        """Turn one item into the next."""

    def initialize(self) -> Awaitable[None]:
        """Get ready. Called once, before the first item."""
        self._is_initialized = True
        return DONE

    def cleanup(self) -> Awaitable[None]:
        """Let go of everything. Called once at the end, after a failure too."""
        stopped: Done = DONE
        if self.state is not None:
            stopped = self.state.stop_cleanup_task()
            self.state.clear_all_sessions()
        self._is_initialized = False
        return stopped

    def set_session_id(self, session_id: str) -> None:
        """Make this the session that `get_session_state` means."""
        self._current_session_id = session_id

    def get_session_id(self) -> str | None:
        """The current session."""
        return self._current_session_id

    def get_session_state(self, session_id: str | None = None) -> SessionState | NoSession:
        """The state of a session (of the current one).

        Without session or without state it is something that is false, and None when awaited.
        """
        key = session_id or self._current_session_id
        if self.state is None or not key:
            return NO_SESSION
        return self.state.get_or_create_session(key)

    def extract_session_id(self, data: Any) -> str | None:
        """The session an item belongs to: from a dict, or from the last dict of a tuple."""
        if isinstance(data, tuple) and len(data) >= 2:
            data = data[-1]
        if isinstance(data, dict) and "session_id" in data:
            found: str | None = data["session_id"]
            return found
        return None

    def split_data_metadata(self, data: Any) -> tuple[Any, dict[str, Any] | None]:
        """Take the metadata off a tuple that ends with a metadata dict.

        A pair gives its first element, a longer tuple the tuple without the metadata.
        """
        if isinstance(data, tuple) and len(data) >= 2:
            last = data[-1]
            if isinstance(last, dict) and any(key in last for key in _METADATA_KEYS):
                return (data[0] if len(data) == 2 else data[:-1]), last
        return data, None

    def merge_data_metadata(self, data: Any, metadata: Mapping[str, Any] | None) -> Any:
        """Put metadata back on, as the last element of a tuple."""
        if metadata is None:
            return data
        return (*data, metadata) if isinstance(data, tuple) else (data, metadata)

    def get_config(self) -> dict[str, Any]:
        """Name, class and params."""
        return {"name": self.name, "class": type(self).__name__, "config": self.config}

    def get_capabilities(self) -> dict[str, Any] | None:
        """What the node asks of its machine (`gpu`, `cpu`, `memory_gb`), None for nothing."""
        return None

    def to_manifest(self, include_capabilities: bool = True) -> dict[str, Any]:
        """The node as an entry of a manifest."""
        entry: dict[str, Any] = {
            "id": self.name,
            "node_type": self._node_type(),
            "params": self._extract_params(),
        }
        if self.is_streaming:
            entry["is_streaming"] = True
        if include_capabilities and (capabilities := self.get_capabilities()):
            entry["capabilities"] = capabilities
        remote = getattr(self, "remote_config", None)
        if self.is_remote and remote is not None and hasattr(remote, "host"):
            entry["host"] = f"{remote.host}:{remote.port}"
        return entry

    @classmethod
    def _check_params(cls, params: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
        """What is wrong with params that are of the right types: param and problem."""
        return ()

    def _node_type(self) -> str:
        """How a manifest names this class: by name alone if it is one of the package's own."""
        cls = type(self)
        if cls.__module__.startswith("remotemedia.nodes"):
            return cls.__name__
        return f"{cls.__module__}:{cls.__qualname__}"

    def _extract_params(self) -> dict[str, Any]:
        """The params for the manifest: `config`, and attributes named like params of `__init__`."""
        from ..runtime.inspection import declared_params

        params = dict(self.config)
        for param in declared_params(type(self)):
            if param.name not in params and hasattr(self, param.name):
                params[param.name] = getattr(self, param.name)
        return params


def __getattr__(name: str) -> object:
    # Programs import these from here.
    if name == "NodeOptions":
        from ._options import NodeOptions

        return NodeOptions
    if name == "RemoteExecutorConfig":
        from .remote import RemoteExecutorConfig

        return RemoteExecutorConfig
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
