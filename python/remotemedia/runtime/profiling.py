"""Where the time of a run goes, function by function: for hosts that draw it.

Every call is seen, by `sys.monitoring`, but for generators: what they do counts as done by who asks
for their items, since watching each item would take longer than most of them. What is kept is a sum
for each way to a function, the node first, so that a run of any length takes a bounded amount of
memory.
"""

from __future__ import annotations

import sys
from time import perf_counter_ns

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType
    from typing import Any

    from .events import Teller

_MOST_STACKS = 20_000
_MOST_DEPTH = 100
_AT_ONCE = 200
_GENERATOR = 0x20


class _Way:
    """A function on one way to it: the time that was spent in itself there, and its callees."""

    __slots__ = ("calls", "callees", "name", "nanoseconds")

    def __init__(self, name: str) -> None:
        self.name = name
        self.nanoseconds = 0
        self.calls = 0
        self.callees: dict[object, _Way] = {}


class Profiler:
    """Watches calls from `start` until `tell`."""

    def __init__(self, teller: Teller) -> None:
        self._teller = teller
        self._root = _Way("")
        self._stack: list[_Way] = [self._root]
        self._since = 0
        self._ways = 0

    def start(self) -> None:
        """Begin to watch."""
        monitoring = _monitoring()
        events = monitoring.events
        tool = monitoring.PROFILER_ID
        monitoring.use_tool_id(tool, "remotemedia")
        enter, leave, never = self._enter, self._leave, monitoring.DISABLE

        def entered(code: CodeType, *_: object) -> object:
            return never if code.co_flags & _GENERATOR else enter(code)

        def left(code: CodeType, *_: object) -> object:
            return never if code.co_flags & _GENERATOR else leave()

        # Of these no function can be left out for good.
        def thrown_into(code: CodeType, *_: object) -> None:
            if not code.co_flags & _GENERATOR:
                enter(code)

        def unwound(code: CodeType, *_: object) -> None:
            if not code.co_flags & _GENERATOR:
                leave()

        for event, callback in (
            (events.PY_START, entered),
            (events.PY_RESUME, entered),
            (events.PY_THROW, thrown_into),
            (events.PY_RETURN, left),
            (events.PY_YIELD, left),
            (events.PY_UNWIND, unwound),
        ):
            monitoring.register_callback(tool, event, callback)
        monitoring.set_events(
            tool,
            events.PY_START
            | events.PY_RESUME
            | events.PY_THROW
            | events.PY_RETURN
            | events.PY_YIELD
            | events.PY_UNWIND,
        )
        self._since = perf_counter_ns()
        global active
        active = self

    def _enter(self, code: CodeType) -> None:
        now = perf_counter_ns()
        stack = self._stack
        way = stack[-1]
        way.nanoseconds += now - self._since
        self._since = now
        if way is self._root:
            # The outermost function of a call: what runs it is the node.
            node = self._teller.node() or "(no node)"
            way = self._callee(way, node, node)
        way = self._callee(way, code, None)
        way.calls += 1
        stack.append(way)

    def _callee(self, way: _Way, key: object, name: str | None) -> _Way:
        known = way.callees.get(key)
        if known is None:
            if self._ways >= _MOST_STACKS or len(self._stack) >= _MOST_DEPTH:
                return way
            self._ways += 1
            known = way.callees[key] = _Way(name or _named(key))
        return known

    def _leave(self) -> None:
        now = perf_counter_ns()
        stack = self._stack
        stack[-1].nanoseconds += now - self._since
        self._since = now
        if len(stack) > 1:
            stack.pop()

    def tell(self) -> None:
        """Stop watching, and tell the host what was seen: stacks with their own time."""
        monitoring = _monitoring()
        monitoring.set_events(monitoring.PROFILER_ID, 0)
        monitoring.free_tool_id(monitoring.PROFILER_ID)
        global active
        active = None
        found: list[tuple[list[str], int, int]] = []
        pending: list[tuple[_Way, list[str]]] = [(it, []) for it in self._root.callees.values()]
        while pending:
            way, names = pending.pop()
            names = [*names, way.name]
            if way.nanoseconds or way.calls:
                found.append((names, way.nanoseconds, way.calls))
            pending.extend((callee, names) for callee in way.callees.values())
            if len(found) >= _AT_ONCE:
                self._teller.tell("profile", found)
                found = []
        self._teller.tell("profile", found)


def _monitoring() -> Any:
    return vars(sys)["monitoring"]  # new in 3.12


active: Profiler | None = None
"""What watches now."""


def _named(code: Any) -> str:
    file = code.co_filename
    return f"{code.co_qualname} ({file}:{code.co_firstlineno})"
