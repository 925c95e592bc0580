"""Arithmetic that keeps whole numbers whole; `numbers.rs` of the component has the same rules."""

from __future__ import annotations

from ..runtime.values import MAX_DIGITS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

Number = int | float

BEYOND = "the result is beyond the largest float"
# 2 to this power has more digits than an integer may have.
_MAX_BITS = MAX_DIGITS * 1000 // 301


def is_number(value: object) -> bool:
    """Whether it is an int or a float; a bool is not a number here."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def whole(value: float) -> Number:
    """A whole float as an int, if an int takes part: 2.0 and 3 make 6, not 6.0."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def exact(item: Number, operand: Number, function: Callable[[Number, Number], Number]) -> Number:
    """Apply `function`; with an int item, a whole result is an int, and no digit is lost."""
    if isinstance(item, int):
        operand = whole(operand)
        if isinstance(operand, float):
            return _mixed(item, operand, function)
    elif isinstance(operand, int):
        try:
            operand = float(operand)
        except OverflowError:
            raise OverflowError("the operand is beyond the largest float") from None
    return function(item, operand)


def _mixed(item: int, operand: float, function: Callable[[Number, Number], Number]) -> Number:
    """An int beyond 2^53 with a fraction: exact as fractions, rounded once at the end."""
    if operand - operand != 0:
        # Infinity or NaN: however large the item is, only its sign counts.
        return function((item > 0) - (item < 0) + 0.0, operand)
    if abs(item) <= 1 << 53:
        result = whole(function(item, operand))
        if result - result != 0:
            raise OverflowError(BEYOND)
        return result
    from fractions import Fraction

    ratio: Any = function(Fraction(item), Fraction(operand))  # type: ignore[arg-type]
    if ratio.denominator == 1:
        return int(ratio)
    try:
        return float(ratio)
    except OverflowError:
        raise OverflowError(BEYOND) from None


def divide(item: Number, operand: Number) -> Number:
    """The quotient: of ints an int, where that is exact."""
    if isinstance(item, int) and isinstance(operand, int):
        quotient, rest = divmod(item, operand)
        if not rest:
            return quotient
    return item / operand


def as_float(value: Number) -> float:
    """The nearest float. Raises OverflowError beyond the largest."""
    return float(value)


def power(base: Number, exponent: Number) -> Number:
    """The power, as Python calculates it; ValueError where that is no number, or too long."""
    if isinstance(base, int) and isinstance(exponent, int) and exponent >= 0:
        if base.bit_length() > 1 and (abs(base).bit_length() - 1) * exponent > _MAX_BITS:
            raise ValueError(f"The result has more than {MAX_DIGITS} digits")
        result: int = base**exponent
        return result
    base, exponent = float(base), float(exponent)
    if base == 0 and exponent < 0:
        raise ValueError("Zero to a negative power")
    if base < 0 and base - base == 0 and not exponent.is_integer() and exponent - exponent == 0:
        raise ValueError("A negative number to a fractional power is no real number")
    return float(base**exponent)


def modulo(item: Number, operand: Number) -> Number:
    """What is left of a division, with the sign of `operand`."""
    return item % operand


def each(data: object, function: Callable[[Number], Number]) -> object:
    """Apply to a number, or to the numbers of a list; everything else passes."""
    if isinstance(data, list):
        return [function(item) if is_number(item) else item for item in data]
    return function(data) if is_number(data) else data  # type: ignore[arg-type]
