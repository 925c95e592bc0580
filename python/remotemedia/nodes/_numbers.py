"""Arithmetic that keeps whole numbers whole."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

Number = int | float


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
    return function(item, operand)


def _mixed(item: int, operand: float, function: Callable[[Number, Number], Number]) -> Number:
    """An int beyond 2^53 with a fraction: exact as fractions, rounded once at the end."""
    if abs(item) <= 1 << 53:
        return whole(function(item, operand))
    if operand - operand != 0:
        # Infinity or NaN: however large the item is, only its sign counts.
        return function(1.0 if item > 0 else -1.0, operand)
    from fractions import Fraction

    result: Any = function(Fraction(item), Fraction(operand))  # type: ignore[arg-type]
    return int(result) if result.denominator == 1 else float(result)


def each(data: object, function: Callable[[Number], Number]) -> object:
    """Apply to a number, or to the numbers of a list; everything else passes."""
    if isinstance(data, list):
        return [function(item) if is_number(item) else item for item in data]
    return function(data) if is_number(data) else data  # type: ignore[arg-type]
