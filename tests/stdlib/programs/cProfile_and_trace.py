"""Profiling and tracing: calls counted, lines followed."""

import cProfile
import pstats
import sys
import io

INPUT = 12


def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


class Program:
    def process(self, item):
        profile = cProfile.Profile()
        result = profile.runcall(fib, item)
        stats = pstats.Stats(profile, stream=io.StringIO())
        calls = {key[2]: value[:2] for key, value in stats.stats.items() if key[2] == "fib"}
        events = []

        def tracer(frame, event, argument):
            if frame.f_code.co_name == "fib":
                events.append(event)
                return tracer
            return None

        sys.settrace(tracer)
        try:
            fib(2)
        finally:
            sys.settrace(None)
        return {"result": result, "calls": calls, "total": stats.total_calls > 100, "events": [events.count(e) for e in ("call", "return")]}
