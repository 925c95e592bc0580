"""The numeric tower and a number class of one's own."""

import numbers
from decimal import Decimal
from fractions import Fraction

INPUT = [1, 2.5, [3, 4], "1/3", True]


class Dual(numbers.Number):
    """a + b·ε with ε² = 0: derivatives for free."""

    def __init__(self, value, slope=0):
        self.value, self.slope = value, slope

    def __add__(self, other):
        other = other if isinstance(other, Dual) else Dual(other)
        return Dual(self.value + other.value, self.slope + other.slope)

    __radd__ = __add__

    def __mul__(self, other):
        other = other if isinstance(other, Dual) else Dual(other)
        return Dual(self.value * other.value, self.value * other.slope + self.slope * other.value)

    __rmul__ = __mul__

    def __pow__(self, power):
        result = Dual(1)
        for _ in range(power):
            result = result * self
        return result

    def __hash__(self):
        return hash((self.value, self.slope))


class Program:
    def process(self, item):
        values = [item[0], item[1], complex(*item[2]), Fraction(item[3]), item[4], Decimal("1.5"), Dual(1)]
        tower = (numbers.Number, numbers.Complex, numbers.Real, numbers.Rational, numbers.Integral)
        x = Dual(3, 1)
        y = 2 * x**3 + 5 * x + 1
        return {
            "tower": {type(v).__name__: [isinstance(v, kind) for kind in tower] for v in values},
            "derivative": [y.value, y.slope],
            "mixed": [str(Fraction(1, 2) + 1), 0.5 + Fraction(1, 2), (1 + 2j).conjugate().imag],
            "index": [(5).__index__(), True.__index__()],
        }
