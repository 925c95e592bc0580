"""What programs want to be done at their exit, done when a run ends: the sandbox's process goes on.

Only what was registered since the snapshot counts: the rest belongs to the library.
"""

from __future__ import annotations

import atexit
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    F = TypeVar("F", bound=Callable[..., Any])

_handlers: list[tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]] = []


def register(function: F, /, *args: Any, **kwargs: Any) -> F:
    """Call the function when the run ends, the last one first."""
    if not callable(function):
        raise TypeError("the first argument must be callable")
    _handlers.append((function, args, kwargs))
    return function


def unregister(function: Callable[..., Any], /) -> None:
    """Take a function back, however often it was registered."""
    _handlers[:] = [handler for handler in _handlers if handler[0] != function]


def run() -> None:
    """Do it. What fails is told on the standard error, and stops nothing."""
    while _handlers:
        function, args, kwargs = _handlers.pop()
        _attempt(function, *args, **kwargs)
    weakref = sys.modules.get("weakref")
    if weakref is not None and weakref.finalize._registry:
        _attempt(weakref.finalize._exitfunc)
        # Another run may follow in this instance.
        weakref.finalize._shutdown = False
    logging = sys.modules.get("logging")
    if logging is not None:
        for reference in reversed(logging._handlerList):
            handler = reference()
            if handler is not None:
                _attempt(handler.flush)


def _attempt(function: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
    try:
        function(*args, **kwargs)
    except BaseException as error:
        from .bridge import describe_error, format_error

        name = getattr(function, "__qualname__", None) or repr(function)
        print(format_error(error), file=sys.stderr)
        print(
            f"warning: at the end of the run, `{name}` failed: {describe_error(error)}",
            file=sys.stderr,
        )


def _clear() -> None:
    _handlers.clear()


def _count() -> int:
    return len(_handlers)


def install() -> None:
    """Take the place of the interpreter's own list."""
    atexit.register = register
    atexit.unregister = unregister
    atexit._run_exitfuncs = run
    atexit._clear = _clear
    atexit._ncallbacks = _count
