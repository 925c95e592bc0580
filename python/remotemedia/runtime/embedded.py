"""What only the embedded interpreter needs: its set-up, and restored snapshots."""

from __future__ import annotations

import gc
import os
import sys
import time
from importlib._bootstrap_external import FileLoader
from os import urandom
from types import CodeType, FunctionType

from . import at_exit, importing, libc, standins

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType


def install() -> None:
    """Make asyncio, threading and executors work without sockets and threads."""
    from .patches import install as patch

    patch()
    if sys.platform == "wasi":
        libc.install()
        standins.install()
        importing.install()
        at_exit.install()
        sys.breakpointhook = _no_breakpoint
        FileLoader.get_data = _get_data  # type: ignore[method-assign]
    if not getattr(sys, "argv", None):
        sys.argv = [""]  # as CPython has it without a script; argparse reads it
    if "asyncio" in sys.modules:
        # A snapshot is being prepared, since nothing else imports asyncio this early.
        preload()


def preload() -> None:
    """Import what nodes of any kind need, and look at every node type, so a snapshot holds it."""
    from . import loop  # noqa: F401
    from .bridge import node_infos

    node_infos()


def refresh(mark: str | None = None, profiled: bool = False) -> None:
    """Renew what a restored snapshot shares with every other instance.

    With a mark, the host is told what nodes print, and with a profile where the time goes.

    `random` gets a seed of its own, and what counts from the start of the program counts from now:
    the times of `logging`, and `time.process_time`, which would count from the making of the
    snapshot and by another clock.
    """
    random = sys.modules.get("random")
    if random is not None:
        # As good as `seed()`, which asks the system for eighty times as much.
        random.seed(int.from_bytes(urandom(32), "little"))
    logging = sys.modules.get("logging")
    if logging is not None:
        # 3.13 and later count in nanoseconds.
        now = time.time_ns() if sys.version_info >= (3, 13) else time.time()
        logging._startTime = now  # type: ignore[attr-defined]
    if sys.platform == "wasi":
        libc.refresh()
        if mark is not None:
            from .events import install as install_events

            install_events(mark, profiled)


def _no_breakpoint(*_: object, **__: object) -> None:
    raise RuntimeError(
        "breakpoint() has nobody to talk to in the sandbox: run the pipeline natively, where it "
        "stops in pdb: python -c \"import remotemedia; remotemedia.run('manifest.json', [...])\""
    )


def _get_data(self: object, path: str) -> bytes:
    """Read a file that is imported.

    libc reads streams without blocking, for which some hosts ask another thread each time: reading
    at a position is twenty times as fast there.
    """
    descriptor = os.open(path, os.O_RDONLY)
    try:
        parts: list[bytes] = []
        wanted, have = os.fstat(descriptor).st_size, 0
        while have < wanted:
            part = os.pread(descriptor, wanted - have, have)
            if not part:
                break
            parts.append(part)
            have += len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)
    finally:
        os.close(descriptor)


def functions() -> list[FunctionType]:
    """Every function there is. The collector forgets those that are made immortal."""
    return [it for it in gc.get_objects() if isinstance(it, FunctionType)]


def watch_code() -> list[CodeType]:
    """Collect the code that is executed, until `renew_code` is called."""
    codes: list[CodeType] = []
    seen: set[int] = set()

    def watch(frame: FrameType, _event: str, _argument: object) -> None:
        if id(frame.f_code) not in seen:
            seen.add(id(frame.f_code))
            codes.append(frame.f_code)

    sys.setprofile(watch)
    return codes


def renew_code(functions: list[FunctionType], codes: list[CodeType] | None = None) -> None:
    """Give functions a copy of their code: all, or where it is among these or holds one of them.

    The copies are as they were compiled, and lie in memory that is allocated now.
    """
    sys.setprofile(None)
    wanted = None if codes is None else {id(code) for code in codes}
    copies: dict[int, CodeType] = {}

    def copy(code: CodeType) -> CodeType:
        known = copies.get(id(code))
        if known is None:
            inner = tuple(copy(it) if isinstance(it, CodeType) else it for it in code.co_consts)
            known = code
            if any(new is not old for new, old in zip(inner, code.co_consts, strict=True)):
                known = code.replace(co_consts=inner)
            elif wanted is None or id(code) in wanted:
                known = code.replace()
            copies[id(code)] = known
        return known

    for code in codes or []:
        copy(code)  # in the order in which they are executed
    for function in functions:
        code = copy(function.__code__)
        if code is not function.__code__:
            function.__code__ = code


def rehearse_own_node() -> None:
    """Import a module anew and look at a node class in it, as at one of the user's own."""
    from . import bridge

    name = "remotemedia.nodes.calculator"
    node_type = f"{name}:CalculatorNode"
    kept = sys.modules.pop(name)
    try:
        bridge.describe(node_type)
        bridge.check_params(node_type, {})
    finally:
        sys.modules[name] = sys.modules["remotemedia.nodes"].calculator = kept  # type: ignore[attr-defined]
        del bridge._classes[node_type], bridge._infos[node_type]


def renew_streams() -> None:
    """Make the standard streams anew, in memory that is allocated now."""
    for name in ("stdout", "stderr"):
        old = getattr(sys, name)
        new = open(  # as CPython makes them
            old.fileno(), "w", encoding=old.encoding, errors=old.errors, closefd=False
        )
        new.reconfigure(line_buffering=old.line_buffering, write_through=old.write_through)
        setattr(sys, name, new)
        setattr(sys, f"__{name}__", new)
