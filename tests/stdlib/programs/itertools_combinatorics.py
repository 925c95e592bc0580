"""Products, permutations, combinations and a small search with them."""

from itertools import combinations, combinations_with_replacement, permutations, product
from math import comb, factorial

INPUT = [2, 3, 5, 7]


class Program:
    def process(self, item):
        # SEND + MORE would take long: TO + GO = OUT does not.
        solutions = []
        for t, o, g, u in permutations(range(10), 4):
            if t and g and o and 10 * t + o + 10 * g + o == 100 * o + 10 * u + t:
                solutions.append([t, o, g, u])
        return {
            "pairs": list(combinations(item, 2)),
            "repeated": len(list(combinations_with_replacement(item, 3))),
            "permutations": ["".join(p) for p in permutations("abc")],
            "product": ["".join(p) for p in product("ab", repeat=3)],
            "counts": [
                len(list(combinations(range(8), 3))) == comb(8, 3),
                len(list(permutations(range(5)))) == factorial(5),
            ],
            "sums": sorted({sum(c) for n in range(1, 4) for c in combinations(item, n)}),
            "solutions": solutions,
        }
