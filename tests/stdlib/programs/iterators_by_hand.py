"""Iterators, iterables, sentinels, reversal, unpacking, zip strict."""

INPUT = [10, 20, 30, 40]


class Fibonacci:
    def __init__(self, limit):
        self.limit = limit

    def __iter__(self):
        a, b = 0, 1
        while a < self.limit:
            yield a
            a, b = b, a + b

    def __reversed__(self):
        return reversed(list(self))

    def __length_hint__(self):
        return 10


class OldStyle:
    def __getitem__(self, at):
        if at >= 3:
            raise IndexError
        return at * at


class Program:
    def process(self, item):
        feed = iter(item)
        until = list(iter(lambda: next(feed), 30))
        first, *middle, last = item
        (a, b), [c, *d] = (1, 2), "xyz"
        both = Fibonacci(50)
        try:
            list(zip(item, [1], strict=True))
        except ValueError as error:
            strict = type(error).__name__
        shared = iter(range(6))
        pairs = list(zip(shared, shared))
        exhausted = iter([1])
        next(exhausted)
        return {
            "until": until,
            "left": list(feed),
            "unpacked": [first, middle, last, a, b, c, d],
            "twice": [sum(both), sum(both), list(reversed(both))[:3]],
            "old": [list(OldStyle()), 4 in OldStyle()],
            "strict": strict,
            "pairs": pairs,
            "default": next(exhausted, "done"),
            "enumerate": list(enumerate("ab", start=5)),
            "map": list(map(lambda x, y: x * y, item, range(3))),
            "any": [any(n > 30 for n in item), all([]), sum([[1], [2]], [])],
            "slice": [item[slice(None, None, -2)], slice(1, 10, 3).indices(5)],
            "range": [len(range(0, 100, 7)), 49 in range(0, 100, 7), range(10)[2:8:2] == range(2, 8, 2), list(range(5, 0, -2))],
        }
