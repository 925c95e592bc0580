"""Which names are keywords, and valid identifiers."""

import keyword

INPUT = ["class", "match", "naïve", "2x", "_", "async", "print", "None", "ﬁn", "a-b"]


class Program:
    def process(self, item):
        return {
            "keyword": [name for name in item if keyword.iskeyword(name)],
            "soft": [name for name in item if keyword.issoftkeyword(name)],
            "usable": [name for name in item if name.isidentifier() and not keyword.iskeyword(name)],
            "some": [word for word in keyword.kwlist if word.startswith("e")],
            "count": len(keyword.kwlist),
        }
