"""Another process, by asyncio."""

import asyncio
import sys

INPUT = "print(6 * 7)"


class Program:
    async def process(self, item):
        try:
            child = await asyncio.create_subprocess_exec(
                sys.executable or "python3", "-c", item, stdout=asyncio.subprocess.PIPE
            )
        except NotImplementedError as error:
            return {"error": type(error).__name__}
        output, _ = await child.communicate()
        return {"output": output.decode().strip()}
