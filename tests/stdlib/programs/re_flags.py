"""Flags, possessive and lazy repetition, back references, bytes and Unicode classes."""

import re

INPUT = "Straße STRASSE\nfoo FOO Foo\nabcabc xyzxyz\nnaïve ١٢٣ x2"


class Program:
    def process(self, item):
        return {
            "ignorecase": re.findall("foo", item, re.IGNORECASE),
            "multiline": re.findall(r"^\w+", item, re.MULTILINE),
            "dotall": bool(re.search("Foo.abc", item, re.DOTALL)),
            "backreference": re.findall(r"\b(\w+)\1\b", item),
            "digits": [re.findall(r"\d+", item), re.findall(r"\d+", item, re.ASCII)],
            "words": re.findall(r"(?a:\w+)", "naïve"),
            "bytes": re.findall(rb"[a-c]+", b"abc def cab"),
            "lazy": [re.search("<.+?>", "<a><b>")[0], re.search("<.+>", "<a><b>")[0]],
            "possessive": re.search(r"a++b", "aaab") is not None,
            "atomic": re.search(r"(?>a+)ab", "aaab") is None,
            "conditional": [bool(re.fullmatch(r"(<)?\w+(?(1)>)", t)) for t in ("<a>", "a", "<a")],
            "lookbehind": re.findall(r"(?<=x)\d", item),
            "scoped": re.findall(r"(?i:F)oo", item),
        }
