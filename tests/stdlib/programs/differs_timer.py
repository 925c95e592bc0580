"""A timer of threading."""

import threading

INPUT = 0.01


class Program:
    def process(self, item):
        fired = []
        timer = threading.Timer(item, fired.append, ["fired"])
        try:
            timer.start()
        except RuntimeError as error:
            return {"error": type(error).__name__}
        timer.join()
        return {"fired": fired}
