"""Nodes of the soak: honest ones that look for traces of other runs, and ones that fail."""

from __future__ import annotations

import base64
import os
import sys
import time
from typing import Any

from remotemedia import Node
from remotemedia.media import Audio

PRISTINE = base64.MAXLINESIZE


def leave_traces(what: Any) -> None:
    """Change what another run would see, if it saw anything of this one."""
    sys.soaked = what  # type: ignore[attr-defined]
    base64.MAXLINESIZE = 1
    os.environ["SOAKED"] = "yes"


class Honest(Node):
    """Says what follows from its item, and which traces of other runs it found."""

    def process(self, data: Any) -> Any:
        """Answer one item."""
        traces = [name for name in ("soaked",) if hasattr(sys, name)]
        if PRISTINE != 76 or base64.MAXLINESIZE != 76:
            traces.append("base64")
        if "SOAKED" in os.environ:
            traces.append("environ")
        leave_traces(data)
        return {"number": data * 7919 % 10007, "traces": traces}


class Fails(Node):
    """Fails in the way that it is told to."""

    def __init__(self, how: str, **options: Any) -> None:
        super().__init__(**options)
        self.how = how

    def process(self, data: Any) -> Any:
        """Fail."""
        leave_traces(data)
        return getattr(self, self.how)()

    def exception(self) -> None:
        raise ValueError("as it was told to")

    def busy(self) -> None:
        while True:
            pass

    def sleeps(self) -> None:
        time.sleep(3600)

    def memory(self) -> int:
        held = []
        while True:
            held.append(bytearray(1 << 20))

    def exits(self) -> None:
        os._exit(3)

    def recursion(self) -> None:
        # A traceback of a thousand lines would take most of the soak's time.
        sys.setrecursionlimit(150)
        self.deeper()

    def deeper(self) -> None:
        self.deeper()

    def trap(self) -> None:
        os.abort()

    def prints(self) -> str:
        for _ in range(64):
            print("x" * 1023, flush=True)
            print("\x1b[31my" * 200, file=sys.stderr, flush=True)
        return "printed"

    def files(self) -> str:
        held = []
        for _ in range(5000):
            held.append(open(__file__, "rb"))
        return "opened"


class Sounds(Node):
    """Gives sounds that take a while to write."""

    is_source = True

    def process(self) -> Any:
        """Give each of them."""
        for number in range(8):
            samples = [(number + step % 97) / 200 for step in range(100_000)]
            yield Audio(samples, 8000, 1)
