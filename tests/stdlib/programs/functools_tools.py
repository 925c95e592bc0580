"""partial, reduce, lru_cache, cached_property, wraps, total_ordering, cmp_to_key."""

import functools
import operator

INPUT = [3, 10, 2, 33, 4]


@functools.total_ordering
class Version:
    def __init__(self, text):
        self.parts = tuple(map(int, text.split(".")))

    def __eq__(self, other):
        return self.parts == other.parts

    def __lt__(self, other):
        return self.parts < other.parts


class Lazy:
    calls = 0

    @functools.cached_property
    def value(self):
        Lazy.calls += 1
        return 42


class Program:
    def process(self, item):
        @functools.lru_cache(maxsize=None)
        def fib(n):
            return n if n < 2 else fib(n - 1) + fib(n - 2)

        def logged(function):
            @functools.wraps(function)
            def inner(*args):
                return ("called", function(*args))

            return inner

        @logged
        def twice(x):
            """Double."""
            return 2 * x

        lazy = Lazy()
        lazy.value, lazy.value
        largest = sorted(map(str, item), key=functools.cmp_to_key(lambda a, b: (a + b < b + a) - (a + b > b + a)))
        power = functools.partial(pow, exp=2)
        Lazy.calls_seen = Lazy.calls
        info = (fib(60), fib.cache_info()[0:2])[1]
        fib.cache_clear()
        return {
            "fib": fib(80),
            "info": list(info),
            "reduce": [functools.reduce(operator.mul, item), functools.reduce(operator.add, [], 7)],
            "partial": [power(5), power.func is pow, power.keywords],
            "wraps": [twice(4), twice.__name__, twice.__doc__, twice.__wrapped__(4)],
            "versions": [Version("1.10") > Version("1.9"), Version("1.0") <= Version("1.0"), Version("2.0") >= Version("10.0")],
            "largest": "".join(largest),
            "lazy": Lazy.calls_seen,
        }
