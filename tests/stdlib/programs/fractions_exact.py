"""Exact fractions: arithmetic, limits, conversions, Egyptian fractions."""

import math
from fractions import Fraction

INPUT = ["3/7", "0.125", "-2.5e-1", "22/7"]


def egyptian(value):
    parts = []
    while value:
        part = Fraction(1, math.ceil(1 / value))
        parts.append(str(part))
        value -= part
    return parts


class Program:
    def process(self, item):
        values = [Fraction(text) for text in item]
        total = sum(values)
        return {
            "values": [str(v) for v in values],
            "sum": [total.numerator, total.denominator],
            "products": [str(a * b) for a, b in zip(values, values[1:])],
            "powers": [str(values[0] ** 3), str(values[0] ** -2), values[1] ** 0.5 == 0.125**0.5],
            "pi": [str(Fraction(math.pi).limit_denominator(limit)) for limit in (10, 100, 1000)],
            "from_float": str(Fraction(0.1)),
            "rounded": [round(v, 2).as_integer_ratio() for v in values],
            "floor": [math.floor(v) for v in values] + [math.ceil(v) for v in values],
            "egyptian": egyptian(Fraction(7, 15)),
            "mixed": [str(v % 1) for v in values],
            "compare": [values[0] < 0.43, values[1] == 0.125, Fraction(1, 3) == 1 / 3],
        }
