"""Temporary files: the sandbox has no directory that can be written."""

import tempfile

INPUT = "some text"


class Program:
    def process(self, item):
        try:
            with tempfile.TemporaryFile("w+") as file:
                file.write(item)
                file.seek(0)
                return {"read": file.read()}
        except OSError as error:
            return {"error": type(error).__name__}
