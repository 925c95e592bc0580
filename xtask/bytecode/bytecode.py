"""Compiles Python files, so that importing them need not."""

from importlib._bootstrap_external import _code_to_hash_pyc
from importlib.util import source_hash


class Compile:
    """The content of the `.pyc` of a source file; nothing where it is no Python.

    The files that it becomes are never checked against their sources: they are made together and
    neither changes afterwards.
    """

    def process(self, path: str) -> bytes:
        with open(path, "rb") as file:
            source = file.read()
        try:
            code = compile(source, path, "exec", dont_inherit=True)
        except (SyntaxError, ValueError):
            return b""
        return bytes(_code_to_hash_pyc(code, source_hash(source), False))
