"""The stream reader fed by hand: lines, exact reads, separators, limits."""

import asyncio

INPUT = ["first line\nsecond", " line\nhead:", "body;tail"]


class Program:
    async def process(self, item):
        reader = asyncio.StreamReader(limit=64)

        async def feed():
            for part in item:
                reader.feed_data(part.encode())
                await asyncio.sleep(0)
            reader.feed_eof()

        task = asyncio.create_task(feed())
        lines = [await reader.readline(), await reader.readline()]
        head = await reader.readuntil(b":")
        exact = await reader.readexactly(3)
        rest = await reader.read()
        await task
        errors = []
        short = asyncio.StreamReader()
        short.feed_data(b"abc")
        short.feed_eof()
        try:
            await short.readexactly(10)
        except asyncio.IncompleteReadError as error:
            errors.append([error.partial, error.expected])
        narrow = asyncio.StreamReader(limit=4)
        narrow.feed_data(b"123456789\n")
        try:
            await narrow.readuntil()
        except asyncio.LimitOverrunError as error:
            errors.append(type(error).__name__)
        return {"lines": lines, "head": head, "exact": exact, "rest": rest, "end": reader.at_eof(), "errors": errors}
