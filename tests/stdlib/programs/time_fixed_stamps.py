"""Fixed time stamps formatted and parsed; clocks only by their behaviour."""

import time

INPUT = [0, 1710497700, 951782400, 2147483648, -1]


class Program:
    def process(self, item):
        stamps = [time.gmtime(value) for value in item]
        before = time.monotonic()
        time.sleep(0.002)
        passed = time.monotonic() - before
        return {
            "iso": [time.strftime("%Y-%m-%dT%H:%M:%SZ", stamp) for stamp in stamps],
            "long": time.strftime("%A, %d. %B %Y, %j, %U", stamps[1]),
            "asctime": [time.asctime(stamp) for stamp in stamps],
            "fields": [stamps[2].tm_yday, stamps[2].tm_wday, stamps[2].tm_mday, len(stamps[2])],
            "parsed": list(time.strptime("29 Feb 2000 13:05:09", "%d %b %Y %H:%M:%S")),
            "slept": passed > 0.001,
            "clocks": [time.perf_counter() >= 0, time.time() > 1.6e9, time.time_ns() > 1.6e18],
            "monotonic": time.get_clock_info("monotonic").monotonic,
            "order": time.perf_counter_ns() <= time.perf_counter_ns(),
        }
