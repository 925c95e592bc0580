"""Sets: algebra, comparisons, updates, frozen sets as keys; always shown sorted."""

INPUT = {"a": [1, 2, 3, 4], "b": [3, 4, 5]}


class Program:
    def process(self, item):
        a, b = set(item["a"]), set(item["b"])
        changed = set(a)
        changed |= {10}
        changed -= {1}
        changed ^= {2, 99}
        changed.discard("not there")
        try:
            changed.remove("not there")
        except KeyError as error:
            missing = error.args[0]
        try:
            {[]}
        except TypeError as error:
            unhashable = type(error).__name__
        graph = {frozenset({"x", "y"}): 5, frozenset({"y", "z"}): 7}
        return {
            "algebra": [sorted(s) for s in (a | b, a & b, a - b, a ^ b, a.union([9], (8,)))],
            "compare": [a < b, {3} < b, a >= {1}, a.isdisjoint({9}), {1, 2} == {2, 1}],
            "changed": sorted(changed),
            "missing": missing,
            "unhashable": unhashable,
            "frozen": [graph[frozenset(["y", "x"])], frozenset([1]) == {1}],
            "numbers": len({1, 1.0, True, 2}),
            "comprehension": sorted({n % 3 for n in range(10)}),
            "sorted_power": sorted(map(sorted, {frozenset(c) for c in ((1, 2), (2, 1), (3,))})),
            "unpacked": sorted({*a, *b}),
            "popped": len(a) - 1 == (a.pop() > 0) * len(a),
        }
