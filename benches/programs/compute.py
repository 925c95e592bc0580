"""CPU-bound programs, the same natively and in the sandbox.

Natively, `python3 compute.py ROUNDS NAME` prints milliseconds of each round and a checksum as JSON;
in the sandbox the node `compute:Compute` gives the same for the item `[NAME, ROUNDS]`.
"""

from __future__ import annotations

import copy
import json
import re
import sys
import time
from collections import Counter, deque
from itertools import permutations
from math import cos, sin, sqrt
from typing import Any


def n_queens() -> int:
    """Count the ways to put eight queens on a board, by permutations."""
    size = range(8)
    return sum(
        len({columns[i] + i for i in size}) == 8 == len({columns[i] - i for i in size})
        for columns in permutations(size)
    )


def sieve() -> int:
    """Sum the primes below 300,000 with a bytearray."""
    limit = 300_000
    flags = bytearray([1]) * limit
    flags[0:2] = b"\0\0"
    for number in range(2, int(limit**0.5) + 1):
        if flags[number]:
            flags[number * number :: number] = bytes(len(range(number * number, limit, number)))
    return sum(index for index, flag in enumerate(flags) if flag)


def n_body() -> float:
    """Move five bodies by their gravity for 1,500 steps."""
    bodies = [
        [(i * 3.1) % 7 - 3, (i * 5.7) % 9 - 4, (i * 2.3) % 5 - 2, 0.0, 0.0, 0.0, 1.0 / (i + 1)]
        for i in range(5)
    ]
    pairs = [(a, b) for i, a in enumerate(bodies) for b in bodies[i + 1 :]]
    for _ in range(1500):
        for a, b in pairs:
            dx, dy, dz = a[0] - b[0], a[1] - b[1], a[2] - b[2]
            pull = 0.001 / (dx * dx + dy * dy + dz * dz + 0.01) ** 1.5
            for axis, distance in ((3, dx), (4, dy), (5, dz)):
                a[axis] -= distance * b[6] * pull
                b[axis] += distance * a[6] * pull
        for body in bodies:
            body[0] += 0.001 * body[3]
            body[1] += 0.001 * body[4]
            body[2] += 0.001 * body[5]
    return round(sum(map(abs, bodies[0])), 9)


def spectral_norm() -> float:
    """Approximate the spectral norm of an infinite matrix."""
    size = 90

    def entry(i: int, j: int) -> float:
        return 1.0 / ((i + j) * (i + j + 1) // 2 + i + 1)

    def times(vector: list[float], transposed: bool) -> list[float]:
        if transposed:
            return [sum(entry(j, i) * vector[j] for j in range(size)) for i in range(size)]
        return [sum(entry(i, j) * vector[j] for j in range(size)) for i in range(size)]

    u = [1.0] * size
    for _ in range(3):
        v = times(times(u, False), True)
        u = times(times(v, False), True)
    return round(sqrt(sum(a * b for a, b in zip(u, v)) / sum(b * b for b in v)), 9)


def mandelbrot() -> int:
    """Count the steps before points leave the Mandelbrot set."""
    steps = 0
    for row in range(60):
        for column in range(90):
            c = complex(column / 30 - 2.2, row / 25 - 1.2)
            z = 0j
            for _ in range(60):
                if abs(z) > 2:
                    break
                z = z * z + c
                steps += 1
    return steps


class _Packet:
    __slots__ = ("kind", "owner", "value")

    def __init__(self, kind: int, owner: int, value: int) -> None:
        self.kind = kind
        self.owner = owner
        self.value = value


class _Task:
    def __init__(self, number: int) -> None:
        self.number = number
        self.inbox: deque[_Packet] = deque()
        self.handled = 0

    def step(self, tasks: list[_Task]) -> bool:
        if not self.inbox:
            return False
        packet = self.inbox.popleft()
        self.handled += 1
        self.work(packet, tasks)
        return True

    def work(self, packet: _Packet, tasks: list[_Task]) -> None:
        raise NotImplementedError


class _Worker(_Task):
    def work(self, packet: _Packet, tasks: list[_Task]) -> None:
        packet.value = (packet.value * 31 + self.number) % 65_521
        packet.owner = (packet.owner + packet.value) % len(tasks)
        tasks[packet.owner].inbox.append(packet)


class _Idler(_Task):
    def work(self, packet: _Packet, tasks: list[_Task]) -> None:
        packet.kind ^= 1
        tasks[(self.number + packet.kind) % len(tasks)].inbox.append(packet)


def scheduler() -> int:
    """Pass messages between objects, by a scheduler."""
    tasks: list[_Task] = [(_Worker, _Idler)[i % 2](i) for i in range(8)]
    for i in range(24):
        tasks[i % 8].inbox.append(_Packet(i % 2, i, i))
    steps = 0
    while steps < 30_000:
        for task in tasks:
            steps += task.step(tasks)
    return sum(task.handled * task.number for task in tasks)


def ray_trace() -> float:
    """Trace rays onto spheres."""
    spheres = [(sin(i) * 3, cos(i) * 2, 6 + i * 0.5, 0.7 + i * 0.1) for i in range(6)]
    light = 0.0
    for y in range(48):
        for x in range(64):
            dx, dy, dz = x / 32 - 1, y / 24 - 1, 1.0
            length = sqrt(dx * dx + dy * dy + dz * dz)
            dx, dy, dz = dx / length, dy / length, dz / length
            nearest = 1e9
            for cx, cy, cz, radius in spheres:
                b = dx * cx + dy * cy + dz * cz
                rest = b * b - (cx * cx + cy * cy + cz * cz - radius * radius)
                if rest > 0:
                    nearest = min(nearest, b - sqrt(rest))
            if nearest < 1e9:
                light += 1 / nearest
    return round(light, 6)


def word_count() -> list[Any]:
    """Count the words of a text."""
    text = " ".join(f"word{(i * 7919) % 997} Some,Text;{i % 13}" for i in range(6000))
    counts: Counter[str] = Counter()
    for word in re.split(r"[ ,;]+", text):
        counts[word.lower()] += 1
    return counts.most_common(3)


def regular_expressions() -> int:
    """Search a log with regular expressions."""
    log = "\n".join(
        f"2026-01-{i % 28 + 1:02d} host{i % 7} [{'ERROR' if i % 5 == 0 else 'info'}] took {i} ms"
        for i in range(2500)
    )
    line = re.compile(r"^(\d{4})-(\d\d)-(\d\d) (\w+) \[(ERROR|info)\] took (\d+) ms$", re.MULTILINE)
    found = sum(int(match[6]) for match in line.finditer(log) if match[5] == "ERROR")
    return found + len(re.sub(r"\d+", lambda match: str(int(match[0]) * 2), log))


def json_round_trips() -> int:
    """Write and read JSON."""
    document = {"items": [{"id": i, "name": f"item {i}", "tags": ["a", "b"], "x": i / 3} for i in range(800)]}
    for _ in range(6):
        document = json.loads(json.dumps(document))
    return len(json.dumps(document))


def big_integers() -> int:
    """Compute 400 digits of pi."""
    digits = 0
    q, r, t, k, n, l = 1, 0, 1, 1, 3, 3  # noqa: E741
    checksum = 0
    while digits < 400:
        if 4 * q + r - t < n * t:
            checksum = (checksum * 10 + n) % 1_000_003
            digits += 1
            q, r, n = 10 * q, 10 * (r - n * t), (10 * (3 * q + r)) // t - 10 * n
        else:
            q, r, t, n, k, l = (  # noqa: E741
                q * k,
                (2 * q + r) * l,
                t * l,
                (q * (7 * k + 2) + r * l) // (t * l),
                k + 1,
                l + 2,
            )
    return checksum


def sorting() -> int:
    """Sort records by keys."""
    seed = 12_345
    records = []
    for _ in range(12_000):
        seed = (seed * 1_103_515_245 + 12_345) % 2**31
        records.append((seed % 1000, f"name{seed % 5003}", seed))
    records.sort(key=lambda record: (record[1], -record[0]))
    by_number = sorted(records, key=lambda record: record[2])
    return by_number[17][2] + records[23][2]


def deep_copies() -> int:
    """Copy nested objects."""
    tree: Any = {"leaf": [1, 2.5, "x"], "pair": (1, [2, 3])}
    for level in range(5):
        tree = {"left": tree, "right": [tree["leaf"] if "leaf" in tree else level], "level": level}
    return sum(len(str(copy.deepcopy(tree))) for _ in range(150))


def generators() -> int:
    """Chain generators."""

    def numbers(limit: int) -> Any:
        yield from range(limit)

    def squares(source: Any) -> Any:
        for number in source:
            yield number * number

    def even(source: Any) -> Any:
        for number in source:
            if number % 2 == 0:
                yield number

    return sum(even(squares(numbers(120_000))))


def string_building() -> int:
    """Build, format and take apart strings."""
    parts = []
    for i in range(20_000):
        parts.append(f"{i:05d}:{i * 3.7:.2f}".replace("1", "one").upper())
    text = "|".join(parts)
    return sum(len(part.partition(":")[2]) for part in text.split("|"))


def matrix_product() -> float:
    """Multiply matrices of floats."""
    size = 60
    a = [[(i * j) % 7 + 0.5 for j in range(size)] for i in range(size)]
    b = [[(i + j) % 5 - 0.25 for j in range(size)] for i in range(size)]
    columns = list(zip(*b))
    product = [[sum(x * y for x, y in zip(row, column)) for column in columns] for row in a]
    return sum(map(sum, product))


PROGRAMS = [
    n_queens,
    sieve,
    n_body,
    spectral_norm,
    mandelbrot,
    scheduler,
    ray_trace,
    word_count,
    regular_expressions,
    json_round_trips,
    big_integers,
    sorting,
    deep_copies,
    generators,
    string_building,
    matrix_product,
]


def measure(name: str, rounds: int) -> dict[str, Any]:
    """Milliseconds of each round after a first one, and what the program gives."""
    program = next(it for it in PROGRAMS if it.__name__ == name)
    result = program()
    samples = []
    for _ in range(rounds):
        start = time.perf_counter()
        assert program() == result
        samples.append((time.perf_counter() - start) * 1e3)
    return {"samples": samples, "result": repr(result)}


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[2], int(sys.argv[1]))))
else:
    from remotemedia import Node

    class Compute(Node):
        """Run a program some times."""

        def process(self, data: Any) -> Any:
            """Measure `[name, rounds]`."""
            return measure(*data)
