"""What goes nowhere."""

import contextlib
import os
import stat
import subprocess

INPUT = "noise"


class Program:
    def process(self, item):
        with open(os.devnull, "w") as sink, contextlib.redirect_stdout(sink):
            print(item)
        with open(os.devnull, "r+b") as both:
            written = both.write(item.encode())
            both.seek(3)
            read = both.read()
        kind = os.stat(os.devnull).st_mode
        return {
            "written": written,
            "read": read,
            "character": stat.S_ISCHR(kind),
            "exists": os.path.exists("/dev/null"),
            "size": os.path.getsize(os.devnull),
            "named": subprocess.DEVNULL,
        }
