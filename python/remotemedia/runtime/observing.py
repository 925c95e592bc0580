"""What nodes see of the time and of chance, for a host that keeps what they give.

The guest notes each reading of a clock and each draw from the system's random numbers. Here is
what that alone would get wrong: readings that no output depends on, and draws from generators that
were seeded before.
"""

from __future__ import annotations

import logging
import sys
import time
from functools import wraps

import _observed  # type: ignore[import-not-found]

from .sandbox_loop import SandboxEventLoop

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_last: list[object] = []


def _unseen(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        before = _observed.take()
        try:
            return function(*args, **kwargs)
        finally:
            _observed.put(*before)

    return call


def begin() -> None:
    """Let sleeping, the timers of asyncio and the times of log records count for nobody."""
    time.sleep = _unseen(time.sleep)
    logging.LogRecord.__init__ = _unseen(logging.LogRecord.__init__)  # type: ignore[method-assign]
    # It asks for the clock's resolution.
    SandboxEventLoop.__init__ = _unseen(SandboxEventLoop.__init__)  # type: ignore[method-assign]
    read = SandboxEventLoop.time
    read_unseen = _unseen(read)

    def loop_time(self: SandboxEventLoop) -> float:
        caller = sys._getframe(1).f_globals.get("__name__", "")
        return (read_unseen if caller.startswith("asyncio.") else read)(self)

    SandboxEventLoop.time = loop_time  # type: ignore[method-assign, assignment]
    has_drawn()


def has_drawn() -> bool:
    """Whether the generators that all share were used since the last call."""
    now = _states()
    drawn = now != _last
    _last[:] = now
    return drawn


def _states() -> list[Any]:
    random = sys.modules.get("random")
    states = [] if random is None else [random.getstate()]
    # None until it is asked for the first time, which draws its seed from the system.
    generator = vars(sys.modules.get("numpy.random.mtrand", sys)).get("_rand")
    if generator is not None:
        name, keys, *rest = generator.get_state()
        states.append((name, bytes(keys), *rest))
    return states
