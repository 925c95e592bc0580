"""timeit: that it runs what it is given, how often; not how fast."""

import timeit

INPUT = 25


class Program:
    def process(self, item):
        calls = []
        timer = timeit.Timer("calls.append(n)", setup="n = 7", globals={"calls": calls})
        seconds = timer.timeit(item)
        repeated = timer.repeat(repeat=3, number=2)
        clock = iter(range(100))
        fake = timeit.Timer(lambda: None, timer=lambda: next(clock))
        number, taken = timeit.Timer("pass").autorange()
        return {
            "calls": [len(calls), calls[0]],
            "seconds": seconds >= 0,
            "repeated": len(repeated),
            "fake": fake.timeit(5),
            "autorange": [number > 0, taken > 0],
        }
