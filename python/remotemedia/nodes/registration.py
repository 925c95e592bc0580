"""`streaming_node`, with which classes of the SDK name themselves."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    C = TypeVar("C", bound=type[Any])


def streaming_node(node_type: str | None = None, **about: Any) -> Callable[[C], C]:
    """Decorate a class so that manifests can name it without its module.

    What else is said of it is kept in the class, as `node_registration`, and changes nothing.
    """

    def register(cls: C) -> C:
        from ._registry import REGISTERED

        name = node_type or cls.__name__
        REGISTERED[name] = cls
        cls.node_registration = {"node_type": name, **about}
        return cls

    return register
