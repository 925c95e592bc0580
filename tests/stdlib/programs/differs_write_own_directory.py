"""Writing beside the node: its directory is read-only in the sandbox. Natively nothing is written."""

import sys
from pathlib import Path

INPUT = "written.txt"


class Program:
    def process(self, item):
        if sys.platform != "wasi":
            return {"written": "not tried"}
        try:
            (Path(__file__).parent / item).write_text("x")
        except OSError as error:
            return {"error": "OSError", "exists": (Path(__file__).parent / item).exists()}
        return {"written": "yes"}
