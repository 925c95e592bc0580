"""Who runs this: there is one user in the sandbox, and some ways to ask are not there."""

import os

INPUT = ["getuid", "getgid", "getppid", "getlogin", "cpu_count"]


class Program:
    def process(self, item):
        found = {name: hasattr(os, name) for name in item}
        found["passwd"] = True
        try:
            import pwd  # noqa: F401
        except ImportError:
            found["passwd"] = False
        return found
