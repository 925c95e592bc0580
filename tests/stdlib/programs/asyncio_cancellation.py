"""Tasks cancelled: at once, later, in clean-up, uncancelled, with messages."""

import asyncio

INPUT = ["plain", "cleanup", "stubborn", "finished"]


class Program:
    async def process(self, item):
        log = []

        async def work(kind):
            try:
                await asyncio.sleep(0 if kind == "finished" else 30)
                return "end"
            except asyncio.CancelledError:
                log.append(f"{kind} cancelled")
                if kind == "stubborn":
                    return "anyway"
                if kind == "cleanup":
                    await asyncio.sleep(0.001)
                    log.append("cleaned")
                raise

        tasks = {kind: asyncio.create_task(work(kind)) for kind in item}
        await asyncio.sleep(0.002)
        requests = {kind: task.cancel("stop") for kind, task in tasks.items()}
        results = {}
        for kind, task in tasks.items():
            try:
                results[kind] = await task
            except asyncio.CancelledError:
                results[kind] = f"cancelled {task.cancelled()}"
        early = asyncio.create_task(work("never started"))
        early.cancel()
        await asyncio.wait([early])

        async def counts():
            task = asyncio.current_task()
            task.cancel()
            try:
                await asyncio.sleep(0)
            except asyncio.CancelledError:
                return [task.cancelling(), task.uncancel()]

        future = asyncio.get_running_loop().create_future()
        future.cancel()
        try:
            future.result()
        except asyncio.CancelledError:
            log.append("future")
        return {"requests": requests, "results": results, "early": early.cancelled(), "counts": await asyncio.create_task(counts()), "log": log}
