"""A scheduler on a clock that is counted by hand."""

import sched

INPUT = [[3, 1, "c"], [1, 2, "b"], [1, 1, "a"], [5, 1, "e"], [4, 1, "cancelled"]]


class Clock:
    def __init__(self):
        self.now = 0

    def time(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


class Program:
    def process(self, item):
        clock, log = Clock(), []
        scheduler = sched.scheduler(clock.time, clock.sleep)

        def note(name, again=0):
            log.append([clock.now, name])
            if again:
                scheduler.enter(2, 1, note, (name + "'",), {"again": again - 1})

        events = [scheduler.enterabs(when, priority, note, (name,)) for when, priority, name in item]
        scheduler.cancel(events[-1])
        scheduler.enter(2, 0, note, ("repeat",), {"again": 2})
        pending = len(scheduler.queue)
        next_in = scheduler.run(blocking=False)
        scheduler.run()
        return {"log": log, "pending": pending, "next_in": next_in, "empty": scheduler.empty()}
