"""Queues of all kinds, used from one thread."""

import queue

INPUT = [5, 1, 4, 2, 3]


class Program:
    def process(self, item):
        fifo, lifo, heap = queue.Queue(3), queue.LifoQueue(), queue.PriorityQueue()
        simple = queue.SimpleQueue()
        full = []
        for value in item:
            lifo.put(value)
            heap.put((value % 3, value))
            simple.put(value)
            try:
                fifo.put_nowait(value)
            except queue.Full:
                full.append(value)
        drained = []
        while not fifo.empty():
            drained.append(fifo.get())
            fifo.task_done()
        fifo.join()
        errors = []
        for call in (fifo.get_nowait, lambda: fifo.get(timeout=0.001), fifo.task_done):
            try:
                errors.append(call())
            except (queue.Empty, ValueError) as error:
                errors.append(type(error).__name__)
        return {
            "fifo": drained,
            "full": full,
            "lifo": [lifo.get() for _ in item],
            "heap": [heap.get() for _ in item],
            "simple": [simple.get() for _ in range(simple.qsize())],
            "errors": errors,
            "sizes": [fifo.qsize(), fifo.maxsize, simple.empty()],
        }
