"""The random module with a seed: the same numbers everywhere."""

import random

INPUT = 2024


class Program:
    def process(self, item):
        rng = random.Random(item)
        state = rng.getstate()
        first = [rng.randrange(1000) for _ in range(5)]
        rng.setstate(state)
        again = [rng.randrange(1000) for _ in range(5)]
        deck = list(range(10))
        rng.shuffle(deck)
        text = random.Random("text seed").random()
        random.seed(item)
        module = [random.random() for _ in range(2)]
        return {
            "first": first,
            "repeated": first == again,
            "deck": deck,
            "choices": rng.choices("abc", weights=[5, 3, 1], k=8),
            "sample": rng.sample(range(100), 5),
            "counts": rng.sample("xy", counts=[3, 2], k=4),
            "uniform": round(rng.uniform(-1, 1), 12),
            "gauss": round(rng.gauss(0, 1), 9),
            "others": [round(f, 9) for f in (rng.triangular(0, 10, 3), rng.expovariate(2), rng.betavariate(2, 3))],
            "bits": rng.getrandbits(100),
            "bytes": rng.randbytes(6),
            "text": text,
            "module": module,
        }
