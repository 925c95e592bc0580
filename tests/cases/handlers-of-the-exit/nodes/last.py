import atexit
import weakref


class Last:
    def process(self, item):
        atexit.register(print, "ended with", item)
        weakref.finalize(self, print, "finalized")
        atexit.register(Last.fails)
        return item

    def fails():
        raise ValueError("too late")


class Fails:
    def process(self, item):
        atexit.register(print, "ended with", item)
        atexit.register(print, "finalized")
        return item // 0
