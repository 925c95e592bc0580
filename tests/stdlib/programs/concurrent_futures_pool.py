"""A ThreadPoolExecutor: map, submit, exceptions, callbacks, as_completed."""

from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, as_completed, wait

INPUT = [4, 0, 2, 5]


class Program:
    def process(self, item):
        def reciprocal(n):
            return round(10 / n, 3)

        log = []
        with ThreadPoolExecutor(max_workers=3, initializer=log.append, initargs=("init",)) as pool:
            squares = list(pool.map(lambda n: n * n, item))
            futures = {pool.submit(reciprocal, n): n for n in item}
            done = {}
            for future in as_completed(futures):
                error = future.exception()
                done[futures[future]] = type(error).__name__ if error else future.result()
            called = []
            first = pool.submit(pow, 2, exp=10)
            first.add_done_callback(lambda f: called.append(f.result()))
            finished, waiting = wait([pool.submit(abs, -n) for n in item], return_when=FIRST_EXCEPTION)
            first.result(timeout=600)
        try:
            pool.submit(print)
        except RuntimeError as error:
            closed = type(error).__name__
        future = Future()
        cancelled = [future.cancel(), future.cancelled(), future.done()]
        return {
            "squares": squares,
            "done": sorted(([n, value] for n, value in done.items()), key=lambda pair: pair[0]),
            "called": called,
            "waited": [sorted(f.result() for f in finished), len(waiting)],
            "initialised": "init" in log,
            "closed": closed,
            "cancelled": cancelled,
        }
