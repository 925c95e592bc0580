"""glob on the node's own directory."""

import glob
import os

INPUT = {"prefix": "glob", "own": "glob_own_directory.py"}


class Program:
    def process(self, item):
        here = os.path.dirname(os.path.abspath(__file__))
        found = glob.glob(os.path.join(glob.escape(here), item["prefix"] + "_*.py"))
        relative = glob.glob("json_*.py", root_dir=here)
        deep = glob.glob("**/" + item["own"], root_dir=here, recursive=True)
        return {
            "found": item["own"] in [os.path.basename(path) for path in found],
            "relative": "json_roundtrip.py" in relative,
            "deep": deep,
            "iterator": next(glob.iglob("re_g*.py", root_dir=here)),
            "nothing": glob.glob("no*such*file", root_dir=here),
            "magic": [glob.has_magic("a*"), glob.has_magic("a")],
            "escaped": glob.escape("a[1]*?"),
        }
