"""A report on a text: frequencies, n-grams, readability, a concordance."""

import math
import re
import string
from collections import Counter, defaultdict
from itertools import islice

INPUT = """It was the best of times, it was the worst of times, it was the age of wisdom,
it was the age of foolishness, it was the epoch of belief, it was the epoch of incredulity."""


class Program:
    def process(self, item):
        words = re.findall(r"[a-z']+", item.lower())
        counts = Counter(words)
        pairs = Counter(zip(words, words[1:]))
        triples = Counter(zip(words, islice(words, 1, None), islice(words, 2, None)))
        lines = defaultdict(set)
        for number, line in enumerate(item.splitlines(), 1):
            for word in re.findall(r"\w+", line.lower()):
                lines[word].add(number)
        letters = Counter(c for c in item.lower() if c in string.ascii_lowercase)
        total = letters.total()
        entropy = -math.fsum(n / total * math.log2(n / total) for n in letters.values())
        shift = str.maketrans(string.ascii_lowercase, string.ascii_lowercase[13:] + string.ascii_lowercase[:13])
        return {
            "common": sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:6],
            "pairs": [list(p) for p, n in sorted(pairs.items()) if n > 2],
            "triples": max(triples.values()),
            "lengths": sorted(Counter(map(len, words)).items()),
            "concordance": {word: sorted(found) for word, found in sorted(lines.items()) if len(found) > 1},
            "entropy": round(entropy, 9),
            "longest": max(words, key=lambda w: (len(w), w)),
            "once": sorted(w for w, n in counts.items() if n == 1),
            "rot13": item[:20].lower().translate(shift),
            "palindromes": [w for w in ("level", "times", "noon") if w == w[::-1]],
        }
