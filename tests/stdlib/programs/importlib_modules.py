"""Modules made and found: specs, loaders of one's own, lazy import, reload, neighbours."""

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import sys

INPUT = {"made_module": "VALUE = 41\ndef up(): return VALUE + 1\n", "made_package": "from . import part\n", "made_package.part": "NAME = __name__\n"}


class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def __init__(self, sources):
        self.sources, self.loaded = sources, []

    def find_spec(self, name, path, target=None):
        if name not in self.sources:
            return None
        package = any(other.startswith(name + ".") for other in self.sources)
        return importlib.machinery.ModuleSpec(name, self, is_package=package)

    def exec_module(self, module):
        self.loaded.append(module.__name__)
        exec(self.sources[module.__name__], module.__dict__)


class Program:
    def process(self, item):
        finder = Finder(item)
        sys.meta_path.insert(0, finder)
        try:
            made = importlib.import_module("made_module")
            package = importlib.import_module("made_package")
            first = made.up()
            finder.sources["made_module"] = "VALUE = 1\n"
            again = importlib.reload(made)
            relative = importlib.import_module(".part", "made_package")
        finally:
            sys.meta_path.remove(finder)
        neighbour = importlib.import_module("keyword_names")
        try:
            importlib.import_module("no_such_module_here")
        except ModuleNotFoundError as error:
            missing = error.name
        try:
            from collections import no_such_name  # noqa: F401
        except ImportError as error:
            wrong = [error.name, type(error).__name__]
        return {
            "first": first,
            "reloaded": [again is made, made.up()],
            "package": [package.part.NAME, relative is package.part],
            "loaded": finder.loaded,
            "neighbour": neighbour.__name__,
            "missing": missing,
            "wrong": wrong,
            "found": [importlib.util.find_spec("json.decoder").name, importlib.util.find_spec("no_such")],
            "resolved": importlib.util.resolve_name(".b", "a"),
        }
