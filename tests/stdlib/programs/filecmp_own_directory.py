"""filecmp and fileinput on files of the node's own directory."""

import filecmp
import fileinput
from pathlib import Path

INPUT = ["json_hooks.py", "json_errors.py"]


class Program:
    def process(self, item):
        here = Path(__file__).parent
        paths = [str(here / name) for name in item]
        with fileinput.input(paths, encoding="utf-8") as lines:
            heads = []
            for line in lines:
                if lines.isfirstline():
                    heads.append([Path(lines.filename()).name, line.strip(), lines.lineno() > 1])
                    lines.nextfile()
        compared = filecmp.cmpfiles(here, here, item, shallow=False)
        return {
            "same": [filecmp.cmp(paths[0], paths[0], shallow=False), filecmp.cmp(*paths, shallow=False)],
            "heads": heads,
            "compared": [sorted(part) for part in compared],
        }
