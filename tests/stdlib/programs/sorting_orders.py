"""Sorting: stability, keys, reverse, mixed criteria, natural order, partial order."""

import re
from functools import cmp_to_key

INPUT = ["file10", "file2", "File1", "file1b", "éclair", "zebra", "apple", "file02"]


class Card:
    ranks = "23456789TJQKA"

    def __init__(self, text):
        self.text = text

    def __lt__(self, other):
        return (self.ranks.index(self.text[0]), self.text[1]) < (self.ranks.index(other.text[0]), other.text[1])


class Program:
    def process(self, item):
        def natural(text):
            return [int(part) if part.isdigit() else part.lower() for part in re.split(r"(\d+)", text)]

        rows = [("b", 2), ("a", 2), ("c", 1), ("a", 1)]
        by_second = sorted(rows, key=lambda row: row[1])
        grouped = sorted(rows, key=lambda row: (-row[1], row[0]))
        numbers = [5, -3, 2.5, True, 10**20]
        try:
            sorted([1, "a"])
        except TypeError as error:
            mixed = type(error).__name__
        in_place = item[:]
        in_place.sort(key=len, reverse=True)
        return {
            "plain": sorted(item),
            "folded": sorted(item, key=str.casefold),
            "natural": sorted(item, key=natural),
            "stable": by_second,
            "grouped": grouped,
            "in_place": in_place,
            "numbers": sorted(numbers, key=abs),
            "cards": [c.text for c in sorted(map(Card, ["KH", "2S", "AD", "TC", "2C"]))],
            "compared": sorted("banana", key=cmp_to_key(lambda a, b: (a < b) - (a > b))),
            "extremes": [max(item, key=len), min([], default="none"), max([1, 3, 2])],
            "mixed": mixed,
            "nan_last": sorted([3.0, float("inf"), -1.0]),
        }
