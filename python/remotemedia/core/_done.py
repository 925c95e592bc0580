"""What methods give that programs call with `await` and without it.

The work is done when they return. Awaiting the result gives the same again, as a plain value.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Generator
    from typing import Any, NoReturn

    from .state import SessionState


class Done:
    """The result of a method that has none: false, equal to None, and None when it is awaited.

    `rest` is what is still to be waited for, where something ends only later. It can be run as a
    coroutine too, since `asyncio.run` and `create_task` take nothing else.
    """

    __slots__ = ("_waiting", "rest")

    def __init__(self, rest: Awaitable[Any] | None = None) -> None:
        self.rest = rest
        self._waiting: Generator[Any, Any, None] | None = None

    def __await__(self) -> Generator[Any, Any, None]:
        rest, self.rest = self.rest, None
        if rest is not None:
            yield from rest.__await__()

    def send(self, value: Any) -> Any:
        """Go on as a coroutine."""
        if self.rest is not None:
            self._waiting = self.__await__()
        if self._waiting is None:
            raise StopIteration
        return self._waiting.send(value)

    def throw(self, *error: Any) -> Any:
        """Go on as a coroutine that has to end."""
        if self._waiting is None:
            raise error[0]
        return self._waiting.throw(*error)

    def close(self) -> None:
        """Wait for nothing any more."""
        self.rest = self._waiting = None

    def __bool__(self) -> bool:
        return False

    def __eq__(self, other: object) -> bool:
        return other is None or isinstance(other, Done)

    def __hash__(self) -> int:
        return hash(None)

    def __repr__(self) -> str:
        return "None"


class NoSession:
    """In the place of a state that is not there: false, equal to None, None when it is awaited.

    It has no values, and none can be kept in it.
    """

    __slots__ = ()

    def __await__(self) -> Generator[Any, Any, None]:
        yield from ()

    def __bool__(self) -> bool:
        return False

    def __eq__(self, other: object) -> bool:
        return other is None or isinstance(other, NoSession)

    def __hash__(self) -> int:
        return hash(None)

    def __repr__(self) -> str:
        return "None"

    def get(self, key: str, default: Any = None) -> Any:
        """The default: there are no values."""
        return default

    def set(self, key: str, value: Any) -> NoReturn:
        """Fail: there is no session to keep values of."""
        self._refuse()

    def update(self, updates: Any) -> NoReturn:
        """Fail: there is no session to keep values of."""
        self._refuse()

    def clear(self) -> None:
        """Forget nothing."""

    def _refuse(self) -> NoReturn:
        from .exceptions import NodeError

        raise NodeError(
            "there is no session to keep state of: call set_session_id first, "
            "and leave enable_state on"
        )


class Number(int):
    """An int that may be awaited, which gives it plainly."""

    def __await__(self) -> Generator[Any, Any, int]:
        yield from ()
        return int(self)


class Answer(int):
    """Yes or no. `bool` can't be extended, so that this is 1 or 0 until it is awaited."""

    def __await__(self) -> Generator[Any, Any, bool]:
        yield from ()
        return bool(self)

    def __repr__(self) -> str:
        return repr(bool(self))


class Sessions(dict[str, "SessionState"]):
    """States by session that may be awaited, which gives them as a plain dict."""

    def __await__(self) -> Generator[Any, Any, dict[str, SessionState]]:
        yield from ()
        return dict(self)


DONE = Done()
NO_SESSION = NoSession()
