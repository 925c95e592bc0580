"""What only the embedded interpreter needs: its set-up, and restored snapshots."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def install() -> None:
    """Make asyncio, threading and executors work without sockets and threads."""
    from .patches import install as patch

    patch()
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


def refresh() -> None:
    """Renew what a restored snapshot shares with every other instance.

    `random` gets a seed of its own, and what counts from the start of the program counts from now:
    the times of `logging`, and `time.process_time`, which would count from the making of the
    snapshot and by another clock.
    """
    import time
    from os import urandom

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
        _restart_process_time(time)


def _restart_process_time(time: Any) -> None:
    """Count from now, by the only clock there is."""
    clock = time.perf_counter_ns
    begin = clock()

    def process_time() -> float:
        return float(clock() - begin) / 1e9

    def process_time_ns() -> int:
        return int(clock() - begin)

    time.process_time = process_time
    time.process_time_ns = process_time_ns
