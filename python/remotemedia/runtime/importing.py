"""Why a module can't be imported, or is another one than its author meant.

Native extensions, links that lead out of what the sandbox sees, and files that have the name of a
module of the standard library.
"""

from __future__ import annotations

import os
import sys
from types import ModuleType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any

_NATIVE = (".so", ".pyd")
_MOST_ENTRIES = 20_000
_MOST_FOUND = 20


class Finder:
    """Stands behind all finders of modules, and says more of what none of them found."""

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None = None, target: Any = None) -> None:
        """Find nothing, and raise where it is known why."""
        tail = name.rpartition(".")[2]
        for directory in sys.path if path is None else path:
            reason = _in_directory(tail, directory)
            if reason is not None:
                # Without a name: with one, `from package import module` forgets the reason.
                raise ModuleNotFoundError(reason)


def install() -> None:
    """Let failing imports say why they fail."""
    sys.meta_path.append(Finder)


def _in_directory(tail: str, directory: str) -> str | None:
    try:
        names = os.listdir(directory or ".")
    except OSError:
        return None
    for name in names:
        path = f"{directory}/{name}"
        if name in (tail, f"{tail}.py"):
            if (reason := _link(path)) is not None:
                return reason
        elif name.startswith(f"{tail}.") and name.endswith(_NATIVE):
            return (
                f"`{path}` is a native extension, compiled for a machine, and the sandbox can't "
                "load it: use a version of the package in pure Python, or other means"
            )
    return None


def _link(path: str) -> str | None:
    """Why a link can't be followed, if the path is one that can't."""
    try:
        os.stat(path)
    except FileNotFoundError:
        what = "to something that is not there"
    except OSError:
        what = "that leads out of its directory, and the sandbox sees nothing beyond"
    else:
        return None
    if not os.path.islink(path):
        return None
    return (
        f"`{path}` is a link {what}: put a copy in its place, or grant a directory that holds both"
    )


def own_directories() -> list[str]:
    """Where modules of the user's own are: what is searched beside library and package."""
    package = os.path.dirname(os.path.dirname(os.path.dirname(__file__)))
    library = os.path.dirname(getattr(os, "__file__", "/stdlib/os.py"))  # frozen in the sandbox
    others = (library, package)
    return [path for path in sys.path if path not in others and os.path.isdir(path or ".")]


def namesake(name: str) -> str | None:
    """The user's file that has the name of this module of the standard library, if there is one."""
    if name not in sys.stdlib_module_names:
        return None
    for directory in own_directories():
        if os.path.basename(directory) == "lib-dynload":
            continue
        for path in (f"{directory}/{name}.py", f"{directory}/{name}/__init__.py"):
            if os.path.exists(path):
                return path
    return None


def hint(error: BaseException) -> str:
    """What to say of an error that comes from a link, or from two modules of one name."""
    if isinstance(error, OSError):
        file = error.filename
        reason = _link(file) if isinstance(file, str) else None
        return f" ({reason})" if reason else ""
    if isinstance(error, AttributeError):
        module = getattr(error, "obj", None)
        name = module.__name__ if isinstance(module, ModuleType) else None
    elif isinstance(error, ImportError):
        name = error.name
    elif isinstance(error, TypeError) and "requires an object with __aiter__" in str(error):
        return " (a class whose node takes the stream of all items says `is_streaming = True`)"
    else:
        return ""
    path = namesake(name) if name else None
    if path is None or path in str(error):
        return ""
    return f" (`{name}` is a module of the standard library too: rename `{path}`)"


def look_around() -> list[tuple[str, str, str]]:
    """What is doubtful about the user's own directories: code, message and help of each thing."""
    found: list[tuple[str, str, str]] = []
    for directory in own_directories():
        found.extend(_some(_doubts(directory)))
    return found


def packages() -> list[str]:
    """Names, in the normal form, of the packages installed in the user's own directories."""
    found: list[str] = []
    for directory in own_directories():
        try:
            names = os.listdir(directory or ".")
        except OSError:
            continue
        for name in names:
            if name.endswith(".dist-info"):
                found.append(name.partition("-")[0].replace("_", "-").replace(".", "-").lower())
    return found


def _some(doubts: Iterable[tuple[str, str, str]]) -> Iterator[tuple[str, str, str]]:
    """Not more of a kind than somebody reads."""
    counts: dict[str, int] = {}
    for doubt in doubts:
        counts[doubt[0]] = counts.get(doubt[0], 0) + 1
        if counts[doubt[0]] <= _MOST_FOUND:
            yield doubt


def _doubts(root: str) -> Iterator[tuple[str, str, str]]:
    pending = [root]
    seen = 0
    while pending:
        directory = pending.pop()
        try:
            entries = sorted(os.scandir(directory), key=lambda entry: entry.name)
        except OSError:
            continue
        for entry in entries:
            seen += 1
            if seen > _MOST_ENTRIES:
                return
            name, path = entry.name, f"{directory}/{entry.name}"
            if name.endswith(_NATIVE):
                yield (
                    "native-extension",
                    f"`{path}` is a native extension, which the sandbox can't load",
                    "what imports it fails; a version of the package in pure Python works",
                )
            elif entry.is_symlink():
                reason = _link(path)
                if reason is not None:
                    reason, _, advice = reason.rpartition(": ")
                    yield "unusable-link", reason, advice
            elif entry.is_dir(follow_symlinks=False):
                if name != "__pycache__" and not name.startswith("."):
                    pending.append(path)
            if directory == root:
                yield from _shadow(name, path)


def _shadow(name: str, path: str) -> Iterator[tuple[str, str, str]]:
    module = name.removesuffix(".py")
    if module not in sys.stdlib_module_names:
        return
    if module == name and not os.path.exists(f"{path}/__init__.py"):
        return
    yield (
        "shadowed-module",
        f"`{path}` has the name of a module of the standard library",
        f"rename it: what imports `{module}` gets one of the two, and may mean the other",
    )
