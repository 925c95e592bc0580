"""Stand-ins for modules in C that the sandbox does not have.

Many packages only name such a module when they are imported, and never use it: they work with a
module that can be imported and says at its first use what is missing and what to do. Each module
here has the names that the standard library's own Python files take from the one in C.
"""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec, PathFinder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import ModuleType
    from typing import Any

_MODULES = frozenset({"_ctypes", "_ssl", "mmap", "pwd"})


class Unavailable(OSError, NotImplementedError):
    """Something needs a part of the system that the sandbox does not have.

    An OSError, since that is what callers of such modules are ready for: `tarfile` goes on to the
    next kind of compression.
    """


def missing(what: str, advice: str, error: type[Unavailable] = Unavailable) -> Callable[..., Any]:
    """A function that says that `what` is missing, whatever it is called with."""

    def refuse(*_: object, **__: object) -> Any:
        raise error(f"{what} is not in the sandbox: {advice}")

    return refuse


class _Finder:
    """Finds the stand-ins, after everything else has been asked."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name not in _MODULES:
            return None
        return PathFinder.find_spec(name, __path__)


def install() -> None:
    """Let the stand-ins be imported where there is nothing else."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.append(_Finder())
