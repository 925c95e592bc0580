"""Coroutines driven without a loop, awaitables of one's own, a tiny scheduler."""

from collections import deque

INPUT = {"a": 2, "b": 3, "c": 1}


class Pause:
    def __await__(self):
        received = yield "pause"
        return received


class Scheduler:
    def __init__(self):
        self.ready, self.log = deque(), []

    def spawn(self, name, coroutine):
        self.ready.append((name, coroutine))

    def run(self):
        while self.ready:
            name, coroutine = self.ready.popleft()
            try:
                coroutine.send(None)
                self.ready.append((name, coroutine))
            except StopIteration as stop:
                self.log.append([name, stop.value])


async def worker(log, name, steps):
    for step in range(steps):
        log.append(f"{name}{step}")
        await Pause()
    return steps * 10


class Program:
    def process(self, item):
        scheduler = Scheduler()
        for name, steps in item.items():
            scheduler.spawn(name, worker(scheduler.log, name, steps))
        scheduler.run()

        async def asks():
            answer = await Pause()
            return f"got {answer}"

        coroutine = asks()
        first = coroutine.send(None)
        try:
            coroutine.send("tea")
        except StopIteration as stop:
            answered = stop.value
        thrown = asks()
        thrown.send(None)
        try:
            thrown.throw(KeyError("k"))
        except KeyError as error:
            raised = error.args[0]
        closed = asks()
        closed.close()
        return {"log": scheduler.log, "first": first, "answered": answered, "raised": raised, "frame": closed.cr_frame is None}
