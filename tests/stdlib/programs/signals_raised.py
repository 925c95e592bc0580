"""A signal that the program sends to itself."""

import signal

INPUT = "SIGUSR1"


class Program:
    def process(self, item):
        seen = []
        number = getattr(signal, item, None)
        if number is None or not hasattr(signal, "raise_signal"):
            return {"error": "no such signal"}
        try:
            old = signal.signal(number, lambda n, frame: seen.append(signal.Signals(n).name))
        except (ValueError, OSError) as error:
            return {"error": type(error).__name__}
        signal.raise_signal(number)
        signal.signal(number, old)
        return {"seen": seen}
