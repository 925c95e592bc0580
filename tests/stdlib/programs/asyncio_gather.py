"""gather, wait, as_completed: results in order, exceptions kept or raised."""

import asyncio

INPUT = [30, 10, 20]


class Program:
    async def process(self, item):
        finished = []

        async def work(ms, fail=False):
            await asyncio.sleep(ms / 1000)
            finished.append(ms)
            if fail:
                raise ValueError(f"after {ms}")
            return ms * 2

        results = await asyncio.gather(*(work(ms) for ms in item))
        mixed = await asyncio.gather(work(5), work(2, True), return_exceptions=True)
        try:
            await asyncio.gather(work(4), work(1, True))
        except ValueError as error:
            raised = str(error)
        completed = []
        for future in asyncio.as_completed([work(ms) for ms in item]):
            completed.append(await future)
        done, pending = await asyncio.wait(
            [asyncio.ensure_future(work(n)) for n in (1, 60)], return_when=asyncio.FIRST_COMPLETED
        )
        waited = [len(done), len(pending)]
        for task in pending:
            task.cancel()
        nothing = await asyncio.gather()
        return {
            "results": results,
            "order": finished[:3],
            "mixed": [mixed[0], repr(mixed[1])],
            "raised": raised,
            "completed": completed,
            "waited": waited,
            "nothing": nothing,
        }
