"""Nodes that multiply and add."""

from __future__ import annotations

from operator import add, mul

from ..core.exceptions import ConfigurationError
from ..core.node import Node, none_is_an_item
from ._numbers import each, exact

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any, Unpack

    from ..core.node import NodeOptions


_BOTH = "`factor` and `multiplier` are the same parameter: give one"


class MultiplyNode(Node):
    """Multiply a number, or each number of a list, by a factor.

    `multiplier` is another name for `factor`. With whole items whole results stay integers, of any
    size. What is no number passes unchanged.
    """

    def __init__(
        self,
        factor: float = 2.0,
        *,
        multiplier: float | None = None,
        **options: Unpack[NodeOptions],
    ) -> None:
        super().__init__(**options)
        if multiplier is not None:
            if factor not in (2.0, multiplier):
                raise ConfigurationError(_BOTH)
            factor = multiplier
        self.factor = factor
        self.config["factor"] = factor

    @none_is_an_item
    def process(self, data: Any) -> Any:
        """Multiply."""
        return each(data, lambda item: exact(item, self.factor, mul))

    @classmethod
    def _check_params(cls, params: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
        if "factor" in params and "multiplier" in params:
            yield "multiplier", _BOTH

    def _extract_params(self) -> dict[str, Any]:
        return {"factor": self.factor}


class AddNode(Node):
    """Add a number to a number, or to each number of a list.

    With whole items whole results stay integers, of any size. What is no number passes unchanged.
    """

    def __init__(self, addend: float = 0.0, **options: Unpack[NodeOptions]) -> None:
        super().__init__(**options)
        self.addend = addend
        self.config["addend"] = addend

    @none_is_an_item
    def process(self, data: Any) -> Any:
        """Add."""
        return each(data, lambda item: exact(item, self.addend, add))
