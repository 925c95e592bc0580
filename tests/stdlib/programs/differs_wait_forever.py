"""Waiting for what no one will do: an error in the sandbox, a short wait natively."""

import queue
import sys
import threading

INPUT = 1


class Program:
    def process(self, item):
        if sys.platform != "wasi":
            return {"waits": "for ever"}
        errors = []
        for wait in (threading.Event().wait, queue.Queue().get, queue.SimpleQueue().get):
            try:
                wait()
            except RuntimeError as error:
                errors.append(type(error).__name__)
        return {"errors": errors}
