"""The garbage collector: cycles found, tracking, callbacks, finalizers."""

import gc
import weakref

INPUT = 10


class Node:
    def __init__(self):
        self.me = self


class Program:
    def process(self, item):
        gc.collect()
        references = []
        phases = []
        for _ in range(item):
            references.append(weakref.ref(Node()))
        gc.disable()
        alive = sum(ref() is not None for ref in references)
        gc.callbacks.append(lambda phase, info: phases.append(phase))
        found = gc.collect()
        gc.callbacks.clear()
        gc.enable()
        finalized = []

        class Last:
            def __del__(self):
                finalized.append(True)

        last = Last()
        last.cycle = last
        del last
        gc.collect()
        return {
            "alive": alive,
            "after": sum(ref() is not None for ref in references),
            "found": found >= item,
            "phases": phases,
            "finalized": finalized,
            "tracked": [gc.is_tracked([]), gc.is_tracked(1), gc.is_tracked("a")],
            "enabled": gc.isenabled(),
            "referrers": any(holder is references for holder in gc.get_referrers(references[0])),
        }
