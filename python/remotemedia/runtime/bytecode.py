"""Compiles Python files, so that importing them need not."""

from __future__ import annotations

from importlib._bootstrap_external import _code_to_hash_pyc  # type: ignore[attr-defined]
from importlib.util import source_hash


class Compile:
    """The content of the `.pyc` of a source file, or, as text, why there is none.

    `checked`: whether Python compares it with its source, by content, whenever it imports it.
    """

    def __init__(self, checked: bool = True) -> None:
        self.checked = checked

    def process(self, path: str) -> bytes | str:
        """Compile the file at `path`."""
        with open(path, "rb") as file:
            source = file.read()
        try:
            code = compile(source, path, "exec", dont_inherit=True)
        except SyntaxError as error:
            return f"line {error.lineno}: {error.msg}"
        except ValueError as error:
            return str(error)
        return bytes(_code_to_hash_pyc(code, source_hash(source), self.checked))
