"""What only the embedded interpreter needs: its set-up, and restored snapshots."""

from __future__ import annotations

import sys


def install() -> None:
    """Make asyncio, threading and executors work without sockets and threads."""
    from .patches import install as patch

    patch()


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
