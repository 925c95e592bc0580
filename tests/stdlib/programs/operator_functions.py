"""operator: getters, callers, in-place forms, reductions."""

import operator
from functools import reduce

INPUT = [{"name": "ann", "score": [9, 5], "tag": "x"}, {"name": "bob", "score": [7, 8], "tag": "y"}]


class Box:
    def __init__(self, **values):
        self.__dict__.update(values)


class Program:
    def process(self, item):
        second = sorted(item, key=lambda row: operator.itemgetter(1)(row["score"]), reverse=True)
        box = Box(inner=Box(value=7), name="box")
        items = [1, 2, 3]
        grown = operator.iadd(items, [4])
        return {
            "sorted": [operator.itemgetter("name", "tag")(row) for row in second],
            "attributes": operator.attrgetter("name", "inner.value")(box),
            "called": operator.methodcaller("replace", "a", "b", 1)("banana"),
            "xor": reduce(operator.xor, [5, 9, 5]),
            "inplace": [grown is items, items],
            "slices": operator.itemgetter(slice(1, 3))("hello"),
            "contains": [operator.contains("abc", "b"), operator.countOf([1, 2, 1], 1), operator.indexOf("abc", "c")],
            "logic": [operator.not_(0), operator.truth([]), operator.is_(None, None)],
            "matrix": hasattr(operator, "matmul"),
            "length": operator.length_hint(iter([1, 2, 3])),
            "arithmetic": [operator.floordiv(-7, 2), operator.mod(-7, 2), operator.neg(3), operator.invert(5), operator.lshift(1, 10)],
            "concat": operator.concat([1], [2]),
        }
