"""gather, wait, as_completed: results in order, exceptions kept or raised."""

import asyncio

INPUT = [30, 10, 20]


class Program:
    async def process(self, item):
        finished = []

        async def work(n, after=(), fail=False):
            # After others, whatever the time: a clock orders nothing on a busy machine.
            while not set(after) <= set(finished):
                await asyncio.sleep(0.001)
            finished.append(n)
            if fail:
                raise ValueError(f"from {n}")
            return n * 2

        def in_order():
            """Each waits for those that are smaller."""
            finished.clear()
            return [work(n, [other for other in item if other < n]) for n in item]

        results = await asyncio.gather(*in_order())
        order = list(finished)
        mixed = await asyncio.gather(work(5, [2]), work(2, [], True), return_exceptions=True)
        try:
            await asyncio.gather(work(4, [1]), work(1, [5], True))
        except ValueError as error:
            raised = str(error)
        completed = []
        for future in asyncio.as_completed(in_order()):
            completed.append(await future)
        done, pending = await asyncio.wait(
            [asyncio.ensure_future(work(*of)) for of in ((1,), (60, ["never"]))],
            return_when=asyncio.FIRST_COMPLETED,
        )
        waited = [len(done), len(pending)]
        for task in pending:
            task.cancel()
        nothing = await asyncio.gather()
        return {
            "results": results,
            "order": order,
            "mixed": [mixed[0], repr(mixed[1])],
            "raised": raised,
            "completed": completed,
            "waited": waited,
            "nothing": nothing,
        }
