"""groupby, accumulate, islice, tee, zip_longest and friends chained together."""

from itertools import (
    accumulate,
    chain,
    compress,
    count,
    cycle,
    dropwhile,
    filterfalse,
    groupby,
    islice,
    pairwise,
    repeat,
    starmap,
    takewhile,
    tee,
    zip_longest,
)
import operator

INPUT = [1, 1, 2, 3, 3, 3, 5, 8, 8, 13]


class Program:
    def process(self, item):
        first, second = tee(item)
        next(second)
        return {
            "runs": [[key, len(list(group))] for key, group in groupby(item)],
            "sums": list(accumulate(item)),
            "products": list(accumulate(item[:6], operator.mul, initial=10)),
            "deltas": [b - a for a, b in zip(first, second)],
            "pairs": list(pairwise("abcd")),
            "window": list(islice(count(10, -3), 2, 8, 2)),
            "cycle": "".join(islice(cycle("xyz"), 7)),
            "while": [list(takewhile(lambda n: n < 4, item)), list(dropwhile(lambda n: n < 4, item))],
            "filterfalse": list(filterfalse(lambda n: n % 2, item)),
            "compress": list(compress(item, cycle([1, 0, 0]))),
            "starmap": list(starmap(pow, [(2, 5), (3, 2)])),
            "longest": list(zip_longest("ab", "wxyz", fillvalue="-")),
            "chain": list(chain.from_iterable([[1], (), "ab", repeat(0, 2)])),
            "flat": sum(map(operator.mul, item, count(1))),
        }
