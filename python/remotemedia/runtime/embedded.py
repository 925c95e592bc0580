"""What only the embedded interpreter needs: its set-up, and restored snapshots."""

from __future__ import annotations

import sys


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

    `random` gets a seed of its own, and `logging` counts its relative times from now.
    """
    random = sys.modules.get("random")
    if random is not None:
        random.seed()
    logging = sys.modules.get("logging")
    if logging is not None:
        import time

        # 3.13 and later count in nanoseconds.
        now = time.time_ns() if sys.version_info >= (3, 13) else time.time()
        logging._startTime = now  # type: ignore[attr-defined]
