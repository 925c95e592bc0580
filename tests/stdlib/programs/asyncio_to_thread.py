"""Blocking functions from coroutines: to_thread, run_in_executor, context, errors."""

import asyncio
import contextvars
import time
from concurrent.futures import ThreadPoolExecutor

INPUT = [5, 6, 7]

who = contextvars.ContextVar("who", default="nobody")


def blocking(n):
    time.sleep(0.001)
    return n * n


class Program:
    async def process(self, item):
        who.set("caller")
        squares = await asyncio.gather(*(asyncio.to_thread(blocking, n) for n in item))
        named = await asyncio.to_thread(lambda: who.get())
        loop = asyncio.get_running_loop()
        one = await loop.run_in_executor(None, blocking, 9)
        with ThreadPoolExecutor(2) as pool:
            pooled = await asyncio.gather(*(loop.run_in_executor(pool, blocking, n) for n in item))
            wrapped = await asyncio.wrap_future(pool.submit(blocking, 4))
        try:
            await asyncio.to_thread(lambda: 1 / 0)
        except ZeroDivisionError as error:
            raised = type(error).__name__
        return {"squares": squares, "named": named, "one": one, "pooled": pooled, "wrapped": wrapped, "raised": raised}
