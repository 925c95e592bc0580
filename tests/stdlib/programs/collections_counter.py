"""Counter: counting, arithmetic, most common, negatives."""

from collections import Counter

INPUT = "the quick brown fox jumps over the lazy dog the end"


class Program:
    def process(self, item):
        words = Counter(item.split())
        letters = Counter(item.replace(" ", ""))
        other = Counter(t=2, h=5, z=9)
        spent = Counter(a=3, b=1)
        spent.subtract({"a": 5, "c": 2})
        return {
            "common": words.most_common(2),
            "letters": sorted(letters.items()),
            "total": letters.total(),
            "plus": sorted((letters + other).items())[-3:],
            "minus": sorted((other - letters).items()),
            "both": sorted((letters & other).items()),
            "either": sorted((letters | other).items())[-2:],
            "spent": dict(spent),
            "positive": dict(+spent),
            "negative": dict(-spent),
            "elements": sorted(Counter(a=2, b=0, c=1).elements()),
            "missing": words["cat"],
            "subset": [Counter("ab") <= Counter("aabb"), Counter("abc") <= Counter("aabb")],
        }
