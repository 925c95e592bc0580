"""Unified and context diffs, ndiff and restore, ratios, close matches."""

import difflib

INPUT = {"old": ["one", "two", "three", "four", "five"], "new": ["zero", "one", "tree", "four", "six", "five"]}


class Program:
    def process(self, item):
        old, new = item["old"], item["new"]
        matcher = difflib.SequenceMatcher(None, old, new)
        delta = list(difflib.ndiff(old, new))
        text = difflib.SequenceMatcher(lambda c: c == " ", "private Thread currentThread;", "private volatile Thread currentThread;")
        return {
            "unified": list(difflib.unified_diff(old, new, "a", "b", lineterm="", n=1)),
            "context": list(difflib.context_diff(old, new, lineterm="", n=0)),
            "ndiff": [line.rstrip("\n") for line in delta],
            "restored": [list(difflib.restore(delta, 1)) == old, list(difflib.restore(delta, 2)) == new],
            "opcodes": [list(code) for code in matcher.get_opcodes()],
            "ratio": [round(text.ratio(), 4), round(text.quick_ratio(), 4)],
            "blocks": [tuple(block) for block in text.get_matching_blocks()],
            "close": [
                difflib.get_close_matches("appel", ["ape", "apple", "peach", "puppy"]),
                difflib.get_close_matches("wheel", ["while", "what"], n=1, cutoff=0.9),
            ],
            "html": "<table" in difflib.HtmlDiff().make_table(old, new),
        }
