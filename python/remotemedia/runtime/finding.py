"""Classes of the user's own by their name alone, and files that are named in a configuration."""

from __future__ import annotations

import os
import re
import sys
from importlib import import_module

from ..nodes._registry import REGISTERED
from .importing import own_directories

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType
    from typing import Any

_MOST_FILES = 5000
_MOST_BYTES = 1 << 20
_NOT_OWN = ("lib-dynload", "site-packages", "dist-packages", "__pycache__")
_CLASS = r"^class[ \t]+(%s)\b"
_REGISTERED = r"(?:register_node|streaming_node)\(\s*(?:node_type\s*=\s*)?[\"'](%s)[\"']"
_RELATIVE = "attempted relative import with no known parent package"


class Found:
    """A class in a file of the user's own."""

    __slots__ = ("cls", "name", "path")

    def __init__(self, name: str, cls: type, path: str) -> None:
        self.name = name
        """How a manifest names it: `module:Class`."""
        self.cls = cls
        self.path = path

    @property
    def registered(self) -> str | None:
        """The name that the class is registered under, if it is."""
        return next((name for name, cls in REGISTERED.items() if cls is self.cls), None)


def _files() -> Iterator[tuple[str, str]]:
    """Modules below the user's own directories, with their files."""
    seen = 0
    for root in own_directories():
        if os.path.basename(root) in _NOT_OWN:
            continue
        pending = [root or "."]
        while pending:
            directory = pending.pop()
            try:
                entries = sorted(os.scandir(directory), key=lambda entry: entry.name)
            except OSError:
                continue
            for entry in entries:
                seen += 1
                if seen > _MOST_FILES:
                    return
                if entry.name in _NOT_OWN or entry.name.startswith("."):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    pending.append(entry.path)
                elif entry.name.endswith(".py"):
                    inside = os.path.relpath(entry.path, root or ".")[: -len(".py")]
                    yield inside.replace(os.sep, ".").removesuffix(".__init__"), entry.path


def by_name(name: str) -> list[Found]:
    """The node classes of this name, or that are registered under it.

    Only modules whose text has the name are imported. What importing one raises comes through.
    """
    safe = re.escape(name)
    wanted = re.compile(rf"{_CLASS % safe}|{_REGISTERED % safe}", re.MULTILINE)
    found = []
    for module_name, path in _files():
        if wanted.search(_text(path)) is None:
            continue
        module = import_own(module_name, path)
        cls: Any = REGISTERED.get(name) or getattr(module, name, None)
        if _is_node(cls) and cls.__module__ == module.__name__:
            found.append(Found(f"{module_name}:{cls.__qualname__}", cls, path))
    return found


_CLASSES = re.compile(r"^class[ \t]+([A-Za-z]\w*)\b", re.MULTILINE)
_PROCESS = re.compile(r"^[ \t]+(?:async[ \t]+)?def[ \t]+process\b", re.MULTILINE)


def node_modules() -> Iterator[tuple[str, list[str]]]:
    """The user's own modules that may have node classes, by their text, and their classes."""
    for module_name, path in _files():
        text = _text(path)
        if _PROCESS.search(text) is not None:
            yield module_name, _CLASSES.findall(text)


def in_file(path: str) -> list[Found]:
    """The node classes of the file that a configuration names, relative to whatever directory.

    It is the one among the user's own whose path ends as the given one does, as far as that goes.
    """
    parts = [part for part in path.replace("\\", "/").split("/") if part not in ("", ".", "..")]
    best: list[tuple[int, str, str]] = []
    for module_name, file in _files():
        own = file.replace("\\", "/").split("/")
        alike = 0
        while alike < min(len(parts), len(own)) and parts[-1 - alike] == own[-1 - alike]:
            alike += 1
        if alike:
            best.append((alike, module_name, file))
    most = max((alike for alike, _, _ in best), default=0)
    found = []
    for alike, module_name, file in best:
        if alike == most:
            module = import_own(module_name, file)
            own_classes = [it for it in vars(module).values() if _is_node(it)]
            found += [
                Found(f"{module_name}:{cls.__qualname__}", cls, file)
                for cls in own_classes
                if cls.__module__ == module.__name__
            ]
    return found


def is_own_module(name: str) -> bool:
    """Whether one of the user's own directories has a module of this name."""
    inside = name.replace(".", "/")
    ends = (".py", "/__init__.py")
    roots = own_directories()
    return any(os.path.isfile(f"{root or '.'}/{inside}{end}") for root in roots for end in ends)


def import_own(name: str, path: str | None = None) -> ModuleType:
    """Import a module of the user's own.

    One that was written as a part of the package `remotemedia`, with relative imports, is imported
    as one.
    """
    try:
        return import_module(name)
    except ImportError as error:
        if str(error) != _RELATIVE:
            raise
        from importlib.util import module_from_spec, spec_from_file_location

        path = path or _path_of(name)
        as_part = f"remotemedia.nodes.{name.rpartition('.')[2]}"
        while as_part in sys.modules:
            as_part += "_"
        spec = spec_from_file_location(as_part, path) if path else None
        if spec is None or spec.loader is None:
            raise
        module = module_from_spec(spec)
        sys.modules[as_part] = module
        try:
            spec.loader.exec_module(module)
        except BaseException:
            del sys.modules[as_part]
            raise
        sys.modules[name] = module
        return module


def _path_of(name: str) -> str | None:
    inside = name.replace(".", "/")
    files = (f"{root or '.'}/{inside}.py" for root in own_directories())
    return next((file for file in files if os.path.isfile(file)), None)


def _text(path: str) -> str:
    try:
        with open(path, "rb") as file:
            return file.read(_MOST_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""


def _is_node(value: Any) -> bool:
    return isinstance(value, type) and callable(getattr(value, "process", None))
