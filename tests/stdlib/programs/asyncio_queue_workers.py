"""Producers and consumers over asyncio queues, with join and sentinels."""

import asyncio

INPUT = {"jobs": 9, "workers": 3}


class Program:
    async def process(self, item):
        queue = asyncio.Queue(maxsize=2)
        done = []
        most = 0

        async def producer():
            nonlocal most
            for job in range(item["jobs"]):
                await queue.put(job)
                most = max(most, queue.qsize())

        async def worker(name):
            while True:
                job = await queue.get()
                await asyncio.sleep(0.001 * (job % 3))
                done.append(job * job)
                queue.task_done()

        workers = [asyncio.create_task(worker(n)) for n in range(item["workers"])]
        await producer()
        await queue.join()
        for task in workers:
            task.cancel()
        ended = await asyncio.gather(*workers, return_exceptions=True)
        priority, lifo = asyncio.PriorityQueue(), asyncio.LifoQueue()
        for n in (3, 1, 2):
            priority.put_nowait(n)
            lifo.put_nowait(n)
        errors = []
        for call in (queue.get_nowait, lambda: [queue.put_nowait(n) for n in range(3)]):
            try:
                call()
            except (asyncio.QueueEmpty, asyncio.QueueFull) as error:
                errors.append(type(error).__name__)
        return {
            "done": sorted(done),
            "most": most,
            "ended": [type(e).__name__ for e in ended],
            "priority": [priority.get_nowait() for _ in range(3)],
            "lifo": [await lifo.get() for _ in range(3)],
            "errors": errors,
        }
