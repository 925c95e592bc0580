"""Weak references, weak containers, finalizers."""

import gc
import weakref

INPUT = ["a", "b", "c"]


class Thing:
    def __init__(self, name):
        self.name = name

    def hello(self):
        return f"hello {self.name}"


class Program:
    def process(self, item):
        events = []
        things = {name: Thing(name) for name in item}
        values = weakref.WeakValueDictionary(things)
        keys = weakref.WeakKeyDictionary({thing: thing.name for thing in things.values()})
        members = weakref.WeakSet(things.values())
        reference = weakref.ref(things["a"], lambda ref: events.append("a is gone"))
        proxy = weakref.proxy(things["a"])
        said = proxy.hello()
        method = weakref.WeakMethod(things["b"].hello)
        finalizer = weakref.finalize(things["b"], events.append, "b finalized")
        alive = [reference() is things["a"], method()(), finalizer.alive]
        del things["a"], things["b"]
        gc.collect()
        try:
            proxy.name
        except ReferenceError as error:
            dead = type(error).__name__
        try:
            weakref.ref(5)
        except TypeError as error:
            refused = type(error).__name__
        return {
            "said": said,
            "alive": alive,
            "after": [reference() is None, method() is None, finalizer.alive],
            "values": sorted(values),
            "keys": sorted(keys.values()),
            "members": len(members),
            "events": sorted(events),
            "dead": dead,
            "refused": refused,
        }
