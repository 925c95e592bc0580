"""A trie, an LRU cache, a union-find, a balanced sum tree, a bloom filter."""

import hashlib
from collections import OrderedDict

INPUT = ["car", "card", "care", "cat", "dog", "do"]


class Trie:
    def __init__(self):
        self.root = {}

    def add(self, word):
        node = self.root
        for letter in word:
            node = node.setdefault(letter, {})
        node["$"] = True

    def starting(self, prefix):
        node = self.root
        for letter in prefix:
            if letter not in node:
                return
            node = node[letter]
        yield from self._walk(node, prefix)

    def _walk(self, node, text):
        for letter, below in sorted(node.items()):
            if letter == "$":
                yield text
            else:
                yield from self._walk(below, text + letter)


class LRU(OrderedDict):
    def __init__(self, size):
        super().__init__()
        self.size = size

    def __getitem__(self, key):
        self.move_to_end(key)
        return super().__getitem__(key)

    def __setitem__(self, key, value):
        super().__setitem__(key, value)
        if len(self) > self.size:
            del self[next(iter(self))]


class Fenwick:
    def __init__(self, size):
        self.tree = [0] * (size + 1)

    def add(self, at, value):
        while at < len(self.tree):
            self.tree[at] += value
            at += at & -at

    def total(self, at):
        result = 0
        while at:
            result += self.tree[at]
            at -= at & -at
        return result


class Bloom:
    def __init__(self):
        self.bits = 0

    def places(self, text):
        digest = hashlib.sha256(text.encode()).digest()
        return [int.from_bytes(digest[i : i + 2], "big") % 256 for i in (0, 2, 4)]

    def add(self, text):
        for place in self.places(text):
            self.bits |= 1 << place

    def __contains__(self, text):
        return all(self.bits >> place & 1 for place in self.places(text))


class Program:
    def process(self, item):
        trie, cache, sums, bloom = Trie(), LRU(3), Fenwick(10), Bloom()
        for at, word in enumerate(item):
            trie.add(word)
            bloom.add(word)
            cache[word] = at
            if "care" in cache:
                cache["care"]
            sums.add(at + 1, len(word))
        parent = {word: word for word in item}

        def find(word):
            while parent[word] != word:
                parent[word] = parent[parent[word]]
                word = parent[word]
            return word

        for a, b in zip(item, item[1:]):
            if a[0] == b[0]:
                parent[find(b)] = find(a)
        return {
            "starting": [list(trie.starting(p)) for p in ("car", "d", "x")],
            "cache": list(cache.items()),
            "sums": [sums.total(n) for n in range(7)],
            "groups": len({find(word) for word in item}),
            "bloom": [all(word in bloom for word in item), "zebra" in bloom],
        }
