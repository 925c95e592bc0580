"""Asynchronous generators, comprehensions, iterators and clean-up."""

import asyncio

INPUT = 5


class Countdown:
    def __init__(self, start):
        self.left = start

    def __aiter__(self):
        return self

    async def __anext__(self):
        if self.left == 0:
            raise StopAsyncIteration
        await asyncio.sleep(0)
        self.left -= 1
        return self.left


class Program:
    async def process(self, item):
        log = []

        async def ticks(count):
            try:
                for n in range(count):
                    await asyncio.sleep(0)
                    got = yield n
                    if got:
                        log.append(got)
            finally:
                log.append("closed")

        async def doubled(source):
            async for n in source:
                yield n * 2

        chained = [n async for n in doubled(ticks(item)) if n % 4 == 0]
        mapping = {n: n * n async for n in Countdown(3)}
        nested = [[m async for m in ticks(n)] for n in range(3)]
        partial = ticks(100)
        first = [await anext(partial), await partial.asend("sent"), await anext(partial)]
        await partial.aclose()
        thrown = ticks(10)
        await anext(thrown)
        try:
            await thrown.athrow(ValueError("in"))
        except ValueError as error:
            log.append(str(error))
        async for n in ticks(10):
            if n == 2:
                break
        return {
            "chained": chained,
            "mapping": sorted(mapping.items()),
            "nested": nested,
            "first": first,
            "default": await anext(Countdown(0), "empty"),
            "log": [entry for entry in log if entry != "closed"],
            "closed": log.count("closed") >= 5,
            "sum": sum([n async for n in aiter(Countdown(4))]),
        }
