"""Files outside of what the host gave: there are none in the sandbox."""

import os

INPUT = ["/etc/hostname", "/proc/self", "/tmp", "/usr/bin"]


class Program:
    def process(self, item):
        return {"visible": sorted(path for path in item if os.path.exists(path))}
