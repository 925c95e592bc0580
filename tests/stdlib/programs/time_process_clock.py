"""The clock of the process: from 0 on, and only forward."""

import time

INPUT = 20000


class Program:
    def process(self, item):
        start = time.process_time()
        sum(n * n for n in range(item))
        end = time.process_time()
        return {
            "from_zero": start >= 0,
            "forward": end >= start,
            "nanoseconds": time.process_time_ns() >= 0,
            "resolution": 0 < time.get_clock_info("process_time").resolution < 1,
        }
