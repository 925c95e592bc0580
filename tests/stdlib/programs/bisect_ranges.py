"""Binary search: grades, insertion, ranges, keys."""

import bisect

INPUT = [33, 99, 77, 70, 89, 90, 100, 59, 60]


class Program:
    def process(self, item):
        def grade(score):
            return "FDCBA"[bisect.bisect([60, 70, 80, 90], score)]

        ordered = []
        for value in item:
            bisect.insort(ordered, value)
        words = ["fig", "plum", "apple", "banana"]
        bisect.insort(words, "kiwi", key=len)
        repeated = [1, 2, 2, 2, 3]
        return {
            "grades": [grade(score) for score in item],
            "ordered": ordered,
            "between": ordered[bisect.bisect_left(ordered, 60) : bisect.bisect_right(ordered, 90)],
            "edges": [bisect.bisect_left(repeated, 2), bisect.bisect_right(repeated, 2)],
            "words": words,
            "by_key": bisect.bisect_left(words, 5, key=len),
            "bounded": bisect.bisect_left(repeated, 2, lo=2, hi=4),
            "missing": bisect.bisect(ordered, 1000) == len(ordered),
        }
