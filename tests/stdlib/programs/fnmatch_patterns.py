"""Shell patterns on names, translated and applied."""

import fnmatch
import re

INPUT = ["a.py", "b.PY", "test_a.py", "notes.txt", "[x].md", "data1.csv", "data22.csv", ".hidden"]


class Program:
    def process(self, item):
        patterns = ["*.py", "test_*", "data?.csv", "[!.]*", "[[]*", "*.[tm]*", "*"]
        return {
            "matches": {pattern: [n for n in item if fnmatch.fnmatchcase(n, pattern)] for pattern in patterns},
            "filter": fnmatch.filter(item, "*.csv"),
            "regex": [bool(re.fullmatch(fnmatch.translate("d*[0-9].csv"), name)) for name in item],
            "posix": fnmatch.fnmatch("b.PY", "*.py"),
        }
