"""Hooks taken back before they run: atexit, excepthook; exit codes, signal numbers."""

import atexit
import signal
import sys

INPUT = 3


class Program:
    def process(self, item):
        log = []

        def hook():
            log.append("ran")

        for _ in range(item):
            atexit.register(hook)
        atexit.unregister(hook)
        atexit._run_exitfuncs()
        seen = []
        old, sys.excepthook = sys.excepthook, lambda kind, error, trace: seen.append(kind.__name__)
        try:
            sys.excepthook(ValueError, ValueError("x"), None)
        finally:
            sys.excepthook = old
        try:
            sys.exit("text")
        except SystemExit as stop:
            code = stop.code
        return {
            "log": log,
            "seen": seen,
            "code": code,
            "signals": [signal.SIGINT.name, int(signal.SIGTERM), signal.Signals(2).name],
        }
