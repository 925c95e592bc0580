"""fork and pipes of os."""

import os

INPUT = b"through a pipe"


class Program:
    def process(self, item):
        has = {name: hasattr(os, name) for name in ("fork", "pipe", "kill", "getuid")}
        if not has["pipe"]:
            return has
        read, write = os.pipe()
        os.write(write, item)
        os.close(write)
        try:
            return {**has, "read": os.read(read, 100)}
        finally:
            os.close(read)
