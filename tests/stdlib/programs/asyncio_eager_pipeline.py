"""Stages joined by queues, each a task; a slow stage holds the others back."""

import asyncio

INPUT = ["a", "bb", "ccc", "dddd"]

END = object()


async def stage(inbox, outbox, function, pause=0):
    while (value := await inbox.get()) is not END:
        if pause:
            await asyncio.sleep(pause)
        for result in function(value):
            await outbox.put(result)
    await outbox.put(END)


class Program:
    async def process(self, item):
        queues = [asyncio.Queue(1) for _ in range(4)]
        functions = [
            (lambda text: [text, text.upper()], 0),
            (lambda text: [text] if len(text) > 1 else [], 0.001),
            (lambda text: [f"<{text}>"], 0),
        ]
        results = []
        async with asyncio.TaskGroup() as group:
            for at, (function, pause) in enumerate(functions):
                group.create_task(stage(queues[at], queues[at + 1], function, pause))

            async def source():
                for text in item:
                    await queues[0].put(text)
                await queues[0].put(END)

            async def sink():
                while (value := await queues[-1].get()) is not END:
                    results.append(value)

            group.create_task(source())
            group.create_task(sink())
        return {"results": results, "left": [queue.qsize() for queue in queues]}
