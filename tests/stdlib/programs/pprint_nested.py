"""Pretty printing: width, depth, compact, recursion."""

import pprint
from collections import OrderedDict

INPUT = {"short": [1, 2, 3], "long": ["aaaaaaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbbbbbb", "cccccccccccccccccccc", "dddddddddddddddddddd"], "deep": {"x": {"y": {"z": [1, [2, [3]]]}}}}


class Program:
    def process(self, item):
        loop = [1]
        loop.append(loop)
        return {
            "formatted": pprint.pformat(item, width=60).splitlines(),
            "narrow": pprint.pformat(list(range(12)), width=10, compact=True).splitlines(),
            "depth": pprint.pformat(item["deep"], depth=2),
            "unsorted": pprint.pformat({"b": 1, "a": 2}, sort_dicts=False),
            "sorted": pprint.pformat({"b": 1, "a": 2}),
            "readable": [pprint.isreadable(item), pprint.isreadable(loop)],
            "recursive": [pprint.isrecursive(loop), pprint.isrecursive(item)],
            "indent": pprint.pformat({"k": ["x" * 40, "y" * 40]}, indent=2, width=40).splitlines(),
            "underscores": pprint.pformat(1234567, underscore_numbers=True),
            "text": pprint.pformat("some long text that has to be wrapped somewhere", width=20).splitlines(),
            "set": pprint.pformat({3, 1, 2}),
            "ordered": pprint.saferepr(OrderedDict(a=1)).startswith("OrderedDict"),
        }
