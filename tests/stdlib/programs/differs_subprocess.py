"""Another process."""

import subprocess
import sys

INPUT = ["-c", "print('from a child')"]


class Program:
    def process(self, item):
        try:
            done = subprocess.run([sys.executable or "python3", *item], capture_output=True, text=True)
        except Exception as error:
            return {"error": type(error).__name__}
        return {"output": done.stdout.strip()}
