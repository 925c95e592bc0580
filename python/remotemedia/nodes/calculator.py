"""A node that calculates."""

from __future__ import annotations

import operator

from ..core.exceptions import ConfigurationError, NodeError
from ..core.node import Node, none_is_an_item
from ._numbers import BEYOND, as_float, divide, each, exact, is_number, modulo, power

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any, Unpack

    from ..core.node import NodeOptions

_OPERATIONS: dict[str, tuple[Callable[[Any, Any], Any], str | None]] = {
    "add": (operator.add, None),
    "multiply": (operator.mul, None),
    "subtract": (operator.sub, None),
    "divide": (operator.truediv, "Division by zero"),
    "power": (power, None),
    "modulo": (modulo, "Modulo by zero"),
}
_WITH_OPERAND: dict[str, Callable[[Any, Any], Any]] = {
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "divide": divide,
}


class CalculatorNode(Node):
    """Calculate with a number, each number of a list, or what an item of its own says.

    A number, or a list, is calculated with `operand` by `operation` (add, subtract, multiply,
    divide); with whole items whole results stay integers. `{"operation", "args"}` is calculated as
    Python does, also with power and modulo; its failures are data: a dict with `error`.
    `{"operation", "operands"}` is calculated in floats, and gives `{"result", "operation"}`.
    Everything else passes unchanged. The node of this name in Rust does the same.
    """

    def __init__(
        self, operation: str = "add", operand: float = 0, **options: Unpack[NodeOptions]
    ) -> None:
        super().__init__(**options)
        for _, problem in self._check_params({"operation": operation}):
            raise ConfigurationError(problem)
        self.operation = operation
        self.operand = operand
        if operation != "add":
            self.config["operation"] = operation
        if operand != 0:
            self.config["operand"] = operand

    @none_is_an_item
    def process(self, data: Any) -> Any:
        """Calculate."""
        if isinstance(data, dict):
            if "operands" in data and "args" not in data:
                return self._floats(data)
            return self._as_data(data)
        function = _WITH_OPERAND[self.operation]
        try:
            return each(data, lambda item: exact(item, self.operand, function))
        except ZeroDivisionError:
            raise NodeError("division by zero") from None
        except OverflowError as error:
            said = str(error)
            raise NodeError(said if "largest float" in said else BEYOND) from None

    @classmethod
    def _check_params(cls, params: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
        operation = params.get("operation", "add")
        if operation not in _WITH_OPERAND:
            known = ", ".join(_WITH_OPERAND)
            yield "operation", f'`operation` can\'t be "{operation}": it must be one of {known}'

    def _as_data(self, data: dict[Any, Any]) -> dict[str, Any]:
        by = f"CalculatorNode[{self.name}]"
        if "operation" not in data or "args" not in data:
            message = "Input must contain 'operation' and 'args' keys"
            return {"error": message, "input": data, "processed_by": by}
        operation, args = data["operation"], data["args"]
        try:
            result = _calculate(operation, args)
        except ValueError as error:
            return {
                "error": str(error),
                "operation": operation,
                "args": args,
                "processed_by": by,
            }
        return {
            "operation": operation,
            "args": args,
            "result": result,
            "processed_by": by,
            "node_config": self.config,
        }

    def _floats(self, data: dict[Any, Any]) -> dict[str, Any]:
        operation, operands = data.get("operation"), data["operands"]
        function = _WITH_OPERAND.get(operation) if isinstance(operation, str) else None
        if function is None:
            known = ", ".join(_WITH_OPERAND)
            raise NodeError(f"`operation` of an item with `operands` must be one of {known}")
        pair = isinstance(operands, (list, tuple)) and len(operands) == 2
        if not pair or not all(is_number(one) for one in operands):
            raise NodeError("`operands` must be a list of two numbers")
        try:
            result = function(as_float(operands[0]), as_float(operands[1]))
        except ZeroDivisionError:
            raise NodeError("division by zero") from None
        except OverflowError:
            raise NodeError(BEYOND) from None
        return {"result": result, "operation": operation}

    def get_supported_operations(self) -> list[str]:
        """The operations it knows."""
        return list(_OPERATIONS)


def _calculate(operation: object, args: object) -> int | float:
    """Calculate as Python does. Raises ValueError, with what to say."""
    if not isinstance(operation, str):
        raise ValueError("'operation' must be a string")
    if not isinstance(args, (list, tuple)):
        raise ValueError("'args' must be a list")
    if len(args) < 2:
        raise ValueError(f"Operation '{operation}' requires at least 2 arguments")
    if operation not in _OPERATIONS:
        raise ValueError(f"Unknown operation: {operation}")
    first, second = args[0], args[1]
    if not (is_number(first) and is_number(second)):
        raise ValueError(f"Operation '{operation}' takes numbers")
    function, by_zero = _OPERATIONS[operation]
    if by_zero and second == 0:
        raise ValueError(by_zero)
    try:
        result: int | float = function(first, second)
    except OverflowError:
        raise ValueError(BEYOND) from None
    return result
