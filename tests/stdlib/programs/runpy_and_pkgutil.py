"""Code run as a module, packages listed, data of the node's own directory."""

import pkgutil
import runpy
from pathlib import Path

INPUT = {"name": "keyword_names", "packages": ["json", "xml"]}


class Program:
    def process(self, item):
        here = Path(__file__).parent
        scope = runpy.run_path(str(here / f"{item['name']}.py"), run_name="ran")
        module = runpy.run_module(item["name"])
        listed = {}
        for name in item["packages"]:
            package = __import__(name)
            listed[name] = sorted(info.name for info in pkgutil.iter_modules(package.__path__))
        return {
            "ran": [scope["__name__"], scope["INPUT"][:2]],
            "module": module["__name__"],
            "listed": {name: [n for n in names if not n.startswith("_")] for name, names in listed.items()},
            "own": item["name"] in [info.name for info in pkgutil.iter_modules([str(here)])],
            "resolved": pkgutil.resolve_name("json.decoder:JSONDecoder.decode").__name__,
        }
