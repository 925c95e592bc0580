"""Task groups: results, failures that cancel the others, nesting."""

import asyncio

INPUT = [3, 1, 2]


class Program:
    async def process(self, item):
        log = []

        async def work(n):
            # In an order by events: a clock keeps none on a busy machine.
            while len(log) + 1 < n:
                await asyncio.sleep(0.001)
            log.append(n)
            return n * 10

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(work(n), name=f"task-{n}") for n in item]
        results = [task.result() for task in tasks]
        cancelled = []

        async def forever(name):
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                cancelled.append(name)
                raise

        start = asyncio.Event()

        async def fails(error):
            await start.wait()
            raise error

        caught = []
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(forever("a"))
                group.create_task(fails(ValueError("first")))
                async with asyncio.TaskGroup() as inner:
                    inner.create_task(forever("b"))
                    asyncio.get_running_loop().call_later(0.001, start.set)
                    await asyncio.sleep(60)
        except* ValueError as errors:
            caught = [str(e) for e in errors.exceptions]
        start.clear()
        try:
            async with asyncio.TaskGroup() as group:
                # Both wake in the same turn of the loop.
                asyncio.get_running_loop().call_later(0.001, start.set)
                group.create_task(fails(KeyError("k")))
                group.create_task(fails(OSError("o")))
        except ExceptionGroup as errors:
            both = sorted(type(e).__name__ for e in errors.exceptions)
        return {
            "results": results,
            "order": log,
            "names": [task.get_name() for task in tasks],
            "cancelled": sorted(cancelled),
            "caught": caught,
            "both": both,
        }
