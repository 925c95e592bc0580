"""A node that calculates what its items ask for."""

from __future__ import annotations

import operator

from ..core.node import Node

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_OPERATIONS: dict[str, tuple[Callable[[Any, Any], Any], str | None]] = {
    "add": (operator.add, None),
    "multiply": (operator.mul, None),
    "subtract": (operator.sub, None),
    "divide": (operator.truediv, "Division by zero"),
    "power": (operator.pow, None),
    "modulo": (operator.mod, "Modulo by zero"),
}


class CalculatorNode(Node):
    """Calculate `operation` on the first two of `args`, both from the item.

    Failures are data: a dict with `error`. Where the runtime has a node of this name in Rust, that
    one is used instead; it takes the operation from its params.
    """

    def process(self, data: Any) -> dict[str, Any]:
        """Calculate what the item says."""
        by = f"CalculatorNode[{self.name}]"
        if not isinstance(data, dict):
            return {"error": "Input must be a dictionary", "input": data, "processed_by": by}
        if "operation" not in data or "args" not in data:
            message = "Input must contain 'operation' and 'args' keys"
            return {"error": message, "input": data, "processed_by": by}
        operation, args = data["operation"], data["args"]
        try:
            result = _calculate(operation, args)
        except Exception as error:
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

    def get_supported_operations(self) -> list[str]:
        """The operations it knows."""
        return list(_OPERATIONS)


def _calculate(operation: str, args: list[Any]) -> Any:
    if len(args) < 2:
        raise ValueError(f"Operation '{operation}' requires at least 2 arguments")
    if operation not in _OPERATIONS:
        raise ValueError(f"Unknown operation: {operation}")
    function, by_zero = _OPERATIONS[operation]
    if by_zero and args[1] == 0:
        raise ValueError(by_zero)
    return function(args[0], args[1])
