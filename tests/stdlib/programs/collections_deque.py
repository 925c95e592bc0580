"""deque: rotation, bounded history, sliding windows, both ends."""

from collections import deque
from itertools import islice

INPUT = [5, 3, 8, 1, 9, 2, 7, 4]


def maxima(values, width):
    window = deque()
    for at, value in enumerate(values):
        while window and values[window[-1]] <= value:
            window.pop()
        window.append(at)
        if window[0] <= at - width:
            window.popleft()
        if at >= width - 1:
            yield values[window[0]]


class Program:
    def process(self, item):
        ring = deque(item)
        ring.rotate(3)
        history = deque(maxlen=3)
        seen = []
        for value in item:
            history.append(value)
            seen.append(list(history))
        ends = deque(item)
        ends.extendleft([100, 200])
        ends.insert(2, -1)
        ends.remove(8)
        return {
            "rotated": list(ring),
            "history": seen,
            "maxima": list(maxima(item, 3)),
            "ends": [ends.popleft(), ends.pop(), list(ends)],
            "index": [ends.index(9), ends.count(3)],
            "reversed": list(islice(reversed(ends), 3)),
            "compare": deque([1, 2]) < deque([1, 3]),
            "sum": list(deque([1]) + deque([2]) * 2),
            "maxlen": history.maxlen,
        }
