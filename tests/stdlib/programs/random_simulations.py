"""Simulations that rest on a seed: a walk, estimates, a shuffle bag, a Markov text."""

import random
from collections import Counter, defaultdict

INPUT = "one fish two fish red fish blue fish this one has a little star this one has a little car"


class Program:
    def process(self, item):
        rng = random.Random(7)
        x = y = 0
        for _ in range(200):
            dx, dy = rng.choice([(0, 1), (1, 0), (0, -1), (-1, 0)])
            x, y = x + dx, y + dy
        inside = sum(rng.random() ** 2 + rng.random() ** 2 <= 1 for _ in range(2000))
        dice = Counter(rng.randint(1, 6) + rng.randint(1, 6) for _ in range(300))
        follow = defaultdict(list)
        words = item.split()
        for a, b in zip(words, words[1:]):
            follow[a].append(b)
        text = ["one"]
        while len(text) < 12 and text[-1] in follow:
            text.append(rng.choice(follow[text[-1]]))
        reservoir = []
        for at in range(500):
            if len(reservoir) < 4:
                reservoir.append(at)
            elif (slot := rng.randint(0, at)) < 4:
                reservoir[slot] = at
        return {
            "walk": [x, y],
            "inside": inside,
            "dice": sorted(dice.items()),
            "text": " ".join(text),
            "reservoir": reservoir,
            "permutation": rng.sample(words, len(words))[:4],
        }
