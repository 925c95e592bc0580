"""Node classes from files that are no modules of any package."""

from __future__ import annotations

from pathlib import Path

from . import register_node_class

TYPE_CHECKING = False
if TYPE_CHECKING:
    from os import PathLike
    from typing import Any


def register_python_node(
    file: str | PathLike[str],
    *,
    node_type: str | None = None,
    node_class: str | None = None,
) -> dict[str, dict[str, Any]]:
    """Let manifests that are run by this program name the node classes in a Python file.

    The file is executed. Each class in it that has a `process` method can be named by its own name;
    `node_class` picks one of several, and `node_type` names the one that there is differently.
    Gives what was registered, by name: `node_type`, `class`, `python_class`, `file_path`,
    `description`.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is no `.py` file, or has no such class, or several where one is named.
        ConfigurationError: A class of the package has the name.
    """
    from hashlib import sha256
    from importlib.util import module_from_spec, spec_from_file_location
    from sys import modules

    path = Path(file).resolve()
    if path.suffix != ".py":
        raise ValueError(f"{path} is no Python file: its name must end in .py")
    if not path.is_file():
        raise FileNotFoundError(f"{path} is not there")
    name = f"_remotemedia_{path.stem}_{sha256(str(path).encode()).hexdigest()[:8]}"
    spec = spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None  # it ends in .py
    module = modules[name] = module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del modules[name]
        raise
    classes = {
        key: value
        for key, value in vars(module).items()
        if isinstance(value, type)
        and value.__module__ == name
        and callable(getattr(value, "process", None))
        and not getattr(value, "__abstractmethods__", None)
    }
    there = ", ".join(classes) or "none"
    if node_class is not None:
        if node_class not in classes:
            raise ValueError(f"{path} has no node class `{node_class}` (it has {there})")
        classes = {node_class: classes[node_class]}
    if not classes:
        raise ValueError(f"{path} has no class with a `process` method")
    if node_type is not None and len(classes) > 1:
        raise ValueError(f"`{node_type}` can name one class, and {path} has several: {there}")
    registered = {}
    for key, cls in classes.items():
        known = node_type or key
        register_node_class(cls, node_type=known)
        registered[known] = {
            "node_type": known,
            "class": cls,
            "python_class": f"{name}.{key}",
            "file_path": str(path),
            "description": cls.__doc__,
        }
    return registered
