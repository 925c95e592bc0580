"""Locks, events, conditions, semaphores and barriers between tasks."""

import asyncio

INPUT = 4


class Program:
    async def process(self, item):
        log = []
        lock, event, condition = asyncio.Lock(), asyncio.Event(), asyncio.Condition()
        semaphore, barrier = asyncio.Semaphore(2), asyncio.Barrier(item)
        value, inside, most = 0, 0, 0

        async def add():
            nonlocal value
            async with lock:
                seen = value
                await asyncio.sleep(0)
                value = seen + 1

        async def limited():
            nonlocal inside, most
            async with semaphore:
                inside += 1
                most = max(most, inside)
                await asyncio.sleep(0.001)
                inside -= 1

        async def waits(name):
            await event.wait()
            log.append(name)

        async def meets(n):
            await asyncio.sleep(n / 1000)
            log.append("arrive")
            await barrier.wait()
            log.append("leave")

        async def consumer(box):
            async with condition:
                await condition.wait_for(lambda: box)
                return box.pop()

        await asyncio.gather(*(add() for _ in range(10)))
        await asyncio.gather(*(limited() for _ in range(6)))
        waiting = [asyncio.create_task(waits(n)) for n in range(3)]
        await asyncio.sleep(0)
        before = len(log)
        event.set()
        await asyncio.gather(*waiting)
        await asyncio.gather(*(meets(n) for n in range(item)))
        box = []
        task = asyncio.create_task(consumer(box))
        await asyncio.sleep(0)
        async with condition:
            box.append("parcel")
            condition.notify()
        return {"value": value, "most": most, "before": before, "log": log, "parcel": await task, "locked": lock.locked()}
