"""A token bucket and retries with growing pauses, on the loop's clock."""

import asyncio
import random

INPUT = {"calls": 6, "rate": 3, "failures": 2}


class Bucket:
    def __init__(self, size):
        self.size, self.used, self.waits = size, 0, 0

    async def take(self):
        while self.used >= self.size:
            self.waits += 1
            await asyncio.sleep(0.002)
            self.used = 0
        self.used += 1


async def retry(function, attempts, rng):
    pauses = []
    for attempt in range(attempts):
        try:
            return await function(), pauses
        except ConnectionError:
            pause = round(2**attempt + rng.random(), 3)
            pauses.append(pause)
            await asyncio.sleep(pause / 10000)
    raise RuntimeError("gave up")


class Program:
    async def process(self, item):
        bucket, rng = Bucket(item["rate"]), random.Random(1)
        for _ in range(item["calls"]):
            await bucket.take()
        left = item["failures"]

        async def flaky():
            nonlocal left
            if left:
                left -= 1
                raise ConnectionError
            return "answer"

        answer, pauses = await retry(flaky, 5, rng)
        left = 100
        try:
            await retry(flaky, 2, rng)
        except RuntimeError as error:
            gave_up = str(error)
        return {"waits": bucket.waits, "answer": answer, "pauses": pauses, "gave_up": gave_up}
