"""Work of the kinds that nodes do, for `cargo xtask profile`: none of it is in a benchmark.

It runs in the component that counts its calls, once, while Python is started. What it computes does
not matter; that it reaches many of CPython's ways of doing things does. Each part asks the standard
library or numpy for something that programs ask of it every day.
"""

import ast
import base64
import bisect
import calendar
import collections
import configparser
import contextlib
import copy
import csv
import dataclasses
import datetime
import decimal
import difflib
import enum
import fnmatch
import fractions
import functools
import heapq
import html.parser
import inspect
import io
import itertools
import json
import logging
import math
import operator
import pprint
import random
import re
import shlex
import statistics
import string
import struct
import textwrap
import tokenize
import typing
import urllib.parse
import uuid
import zlib

PROSE = inspect.getsource(textwrap) + inspect.getsource(statistics)


def classes() -> None:
    """Make instances, compare, copy and call them."""

    @dataclasses.dataclass(order=True)
    class Event:
        at: float
        name: str = dataclasses.field(compare=False)
        tags: list = dataclasses.field(default_factory=list, compare=False)

        @property
        def label(self) -> str:
            return f"{self.name}@{self.at:.2f}"

    class Level(enum.IntEnum):
        LOW, MIDDLE, HIGH = 1, 2, 3

    class Vector:
        __slots__ = ("x", "y")

        def __init__(self, x: float, y: float) -> None:
            self.x, self.y = x, y

        def __add__(self, other: "Vector") -> "Vector":
            return Vector(self.x + other.x, self.y + other.y)

        def __mul__(self, by: float) -> "Vector":
            return Vector(self.x * by, self.y * by)

        def __eq__(self, other: object) -> bool:
            return isinstance(other, Vector) and (self.x, self.y) == (other.x, other.y)

        def __hash__(self) -> int:
            return hash((self.x, self.y))

    class Account:
        total = 0

        def __init__(self, owner: str) -> None:
            self.owner, self.entries = owner, []

        def book(self, amount: int, *, note: str = "") -> int:
            self.entries.append((amount, note))
            type(self).total += amount
            return sum(entry[0] for entry in self.entries[-3:])

        def __getattr__(self, name: str) -> object:
            raise AttributeError(name)

    events = [Event(i * 7 % 13 / 3, f"event {i}", [i, str(i)]) for i in range(400)]
    for _ in range(4):
        for event in sorted(events):
            event.tags.append(event.label)
            event.tags = event.tags[-3:]
            dataclasses.replace(event, name="other")
    place, seen = Vector(0, 0), set()
    for i in range(4000):
        place = place + Vector(i % 7, 1.5) * 0.5
        seen.add(place)
        Level(i % 3 + 1).name  # noqa: B018
    account = Account("a")
    for i in range(4000):
        account.book(i, note="n")
        getattr(account, "missing", None)
        isinstance(account, (Vector, Account))
    copy.deepcopy(events[:80])
    copy.copy(account)


def collections_of_things() -> None:
    """Fill and read what holds things."""
    counts, groups, order = collections.Counter(), collections.defaultdict(list), {}
    for number, word in enumerate(re.findall(r"\w+", PROSE)):
        counts[word.lower()] += 1
        groups[len(word)].append(word)
        order.setdefault(word, number)
    counts.most_common(10)
    both = {word: counts[word.lower()] * order[word] for word in order if word in counts}
    sorted(both.items(), key=lambda item: (-item[1], item[0]))
    {*groups[4]} & {*groups[5]} | set(groups[6]) - frozenset(groups[7])
    queue = collections.deque(maxlen=64)
    heap: list = []
    for i in range(6000):
        queue.append(i * i % 97)
        if i % 3 == 0:
            queue.popleft()
        heapq.heappush(heap, (i * 31 % 101, i))
        if len(heap) > 50:
            heapq.heappop(heap)
    heapq.nsmallest(20, both.values())
    line: list = []
    for i in range(2000):
        bisect.insort(line, i * 37 % 211)
    Point = collections.namedtuple("Point", "x y z")
    points = [Point(i, i + 1, float(i)) for i in range(2000)]
    sum(p.x * p.y - p.z for p in points)
    chain = collections.ChainMap({"a": 1}, {"b": 2})
    for _ in range(500):
        chain["b"]
    table = [[(row * column) % 10 for column in range(60)] for row in range(60)]
    list(zip(*table, strict=True))
    [sum(map(operator.mul, row, column)) for row in table for column in table[:8]]


def iterating() -> None:
    """Iterate, raise, call with all kinds of arguments."""

    def numbers(count: int):
        for i in range(count):
            got = yield i
            if got:
                yield got

    def nested(depth: int):
        if depth:
            yield from nested(depth - 1)
        yield depth

    list(nested(60))
    list(itertools.islice(itertools.accumulate(numbers(3000)), 100, 2500, 3))
    for _, group in itertools.groupby(sorted(numbers(2000), key=lambda i: i % 9), lambda i: i % 9):
        sum(group)
    for pair in itertools.combinations(range(40), 2):
        divmod(pair[1], pair[0] + 1)
    sum(a * b for a, b in itertools.product(range(40), repeat=2))
    for a, b in zip(itertools.cycle("abc"), itertools.chain(range(900), range(900)), strict=False):
        a * (b % 3)
    any(i > 5000 for i in range(4000))
    max(filter(None, map(lambda i: i % 50, range(4000))))
    functools.reduce(lambda a, b: (a + b) % 1009, range(4000))
    for index, (low, high) in enumerate(itertools.pairwise(range(2000))):
        assert index == low < high

    @functools.lru_cache
    def ways(n: int) -> int:
        return 1 if n < 2 else ways(n - 1) + ways(n - 3)

    ways(200)

    @contextlib.contextmanager
    def within(place: list):
        place.append(1)
        try:
            yield place
        finally:
            place.pop()

    for i in range(1500):
        with within([]) as place, contextlib.suppress(KeyError):
            if i % 4 == 0:
                raise KeyError(i)
            place.append(i)
    for i in range(2000):
        try:
            {}[i] if i % 2 else [].pop()
        except KeyError as error:
            str(error)
        except IndexError:
            pass

    def counter():
        value = 0

        def step(by: int = 1, *more: int, **named: int) -> int:
            nonlocal value
            value += by + sum(more) + len(named)
            return value

        return step

    step = counter()
    for i in range(3000):
        step(i)
        step(1, 2, 3)
        step(by=2, other=1)
        step(*(1, 2), **{"a": 1})
    partial = functools.partial(step, 1, 2)
    for _ in range(1000):
        partial()


def texts() -> None:
    """Take texts apart and put them together."""
    lines = PROSE.splitlines()
    for line in lines:
        line.strip().upper().replace("SELF", "this").split(" ")
        f"{len(line):>5} {line[:20]!r:<24}|{line.count('e') / (len(line) + 1):7.3%}"
        "%s has %d characters" % (line[:8], len(line))  # noqa: UP031
        "{0:>{1}}".format(line[:4], 12)
        line.startswith(("def", "class")) or line.endswith(":") or line.find("return") > 4
        line.partition("=")[2].rjust(10).translate({97: "A", 98: None})
        "".join(sorted(set(line)))
        line.encode().hex()
        line.isidentifier() or line.title().casefold()
    textwrap.fill(PROSE[:6000], 60)
    textwrap.dedent(PROSE[:6000])
    for pattern in (
        r"\bdef\s+(?P<name>\w+)\s*\((?P<parameters>[^)]*)\)",
        r"(?:\d+\.\d*|\.\d+)(?:e[+-]?\d+)?|0x[0-9a-f]+",
        r"(['\"])(?:\\.|(?!\1).)*\1",
        r"^\s*#.*$",
        r"[A-Z][a-z]+|\w{3,}?s\b",
    ):
        compiled = re.compile(pattern, re.MULTILINE)
        for found in compiled.finditer(PROSE):
            found.group(), found.span(), found.groupdict()
        compiled.sub(lambda found: found[0].swapcase(), PROSE[:8000])
        compiled.split(PROSE[:4000])
    list(difflib.unified_diff(lines[:120], lines[3:123]))
    difflib.get_close_matches("retrun", ["return", "yield", "raise", "turn"])
    string.Template("$who does ${what}").substitute(who="a", what="b")
    [shlex.split(line) for line in ["a 'b c' d", 'x "y z" \\w'] * 40]
    [fnmatch.fnmatch(line, "*def*") for line in lines[:400]]
    for i in range(1500):
        repr(i / 7), str(i * 10**12), float(f"{i}.25"), int(str(i)), hex(i), chr(97 + i % 26)
    written = io.StringIO()
    for line in lines:
        written.write(line)
        written.write("\n")
    list(io.StringIO(written.getvalue()))


def formats() -> None:
    """Write and read what programs exchange."""
    rows = [
        {"id": i, "name": f"n{i}", "value": i / 3, "tags": ["a", None, True], "sub": {"k": [i]}}
        for i in range(300)
    ]
    text = json.dumps(rows)
    for row in json.loads(text):
        json.dumps(row, indent=2, sort_keys=True, default=str)
    json.loads(json.dumps(rows[:50]), object_hook=lambda it: it, parse_float=decimal.Decimal)
    table = io.StringIO()
    writer = csv.DictWriter(table, ["id", "name", "value"], extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    for row in csv.DictReader(io.StringIO(table.getvalue())):
        int(row["id"]) + float(row["value"])
    packed = b"".join(struct.pack("<IHd4s", i, i % 7, i / 3, b"abcd") for i in range(1500))
    for got in struct.iter_unpack("<IHd4s", packed):
        got[0] + got[2]
    zlib.decompress(zlib.compress(base64.b64decode(base64.b64encode(packed))))
    zlib.crc32(packed)
    block = bytearray(packed)
    for i in range(0, len(block), 9):
        block[i] ^= 0x55
    sum(memoryview(block)[::3])
    config = configparser.ConfigParser()
    config.read_string("[a]\nx = 1\ny = %(x)s2\n[b]\nz: true\n" * 1)
    for _ in range(60):
        config.getint("a", "y"), config.getboolean("b", "z")

    class Links(html.parser.HTMLParser):
        def handle_starttag(self, tag: str, attrs: list) -> None:
            dict(attrs).get("href")

    Links().feed("<p class='a'>text <a href='x?y=1&amp;z'>link</a> &lt; <br/>" * 200)
    for i in range(400):
        url = urllib.parse.urlsplit(f"https://example.org:80/a/b{i}?q={i}&r=%20x#f")
        urllib.parse.parse_qs(url.query), urllib.parse.quote(url.path + " ä")
    pprint.pformat(rows[:40])
    source = inspect.getsource(textwrap)
    tree = ast.parse(source)
    sum(isinstance(node, ast.Name) for node in ast.walk(tree))
    ast.unparse(tree)
    compile(source, "training", "exec")
    sum(
        token.type == tokenize.NAME
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
    )


def numbers() -> None:
    """Compute with numbers of all kinds."""
    wave = [math.sin(i / 9) * 0.8 for i in range(3000)]
    level = 0.0
    for sample in wave:
        level = max(abs(sample), level * 0.999)
    math.sqrt(sum(sample * sample for sample in wave) / len(wave))
    statistics.fmean(wave), statistics.stdev(wave[:400]), statistics.median(wave)
    [round(sample * 32767) for sample in wave]
    [int(sample * 100) // 7 % 5 | 1 for sample in wave]
    total = decimal.Decimal(0)
    for i in range(1500):
        total = (total + decimal.Decimal(i) / 7).quantize(decimal.Decimal("0.01"))
    sum((fractions.Fraction(1, i) for i in range(1, 120)), fractions.Fraction(0))
    for i in range(1, 400):
        pow(i, 65537, 2**61 - 1), math.gcd(i, 360), i**40 // 3**20, (i << 70) >> 65
        complex(i, 1) * complex(0, 1)
    chance = random.Random(1)
    cards = list(range(52))
    for _ in range(60):
        chance.shuffle(cards)
        chance.gauss(0, 1), chance.choice(cards), chance.sample(cards, 5), chance.randint(1, 6)
    day = datetime.datetime(2026, 1, 31, 12, tzinfo=datetime.UTC)
    for i in range(800):
        later = day + datetime.timedelta(hours=i)
        later.isoformat(), later.strftime("%d.%m.%Y"), (later - day).total_seconds()
        datetime.datetime.fromisoformat("2026-02-03T04:05:06")
    calendar.month(2026, 2)
    [uuid.uuid5(uuid.NAMESPACE_URL, str(i)).hex for i in range(200)]
    grid = [[0] * 40 for _ in range(40)]
    for turn in range(6):
        for y in range(1, 39):
            row = grid[y]
            for x in range(1, 39):
                row[x] = (row[x - 1] + grid[y - 1][x] * 3 + turn) & 15
    flags = 0
    i = 0
    while i < 6000:
        if i & 3 == 0 and not i % 5:
            flags ^= 1 << (i & 31)
        elif i > 5000 or flags == 0:
            flags += 1
        i += 1


def nodes() -> None:
    """Do what a node does around its work."""

    class Quiet(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            record.getMessage()

    log = logging.getLogger("training")
    log.propagate = False
    log.addHandler(Quiet())
    for i in range(600):
        log.warning("item %d of %s", i, "stream")
        log.debug("not shown")
    inspect.signature(classes)
    typing.get_type_hints(numbers)

    from remotemedia.nodes import CalculatorNode, TextProcessorNode

    for make, item in (
        (
            TextProcessorNode,
            {"text": "Ein Beispiel für Text", "operations": ["uppercase", "word_count"]},
        ),
        (CalculatorNode, {"operation": "multiply", "args": [3, 4]}),
    ):
        with contextlib.suppress(TypeError, ValueError):
            node = make()
            for _ in range(400):
                node.process(item)


def arrays() -> None:
    """Use numpy as nodes for sound and pictures do."""
    try:
        import numpy as np
    except ImportError:
        return
    sound = np.sin(np.arange(8000, dtype="f4") / 20)
    for start in range(0, 7000, 256):
        frame = sound[start : start + 512] * np.hanning(min(512, 8000 - start))
        spectrum = np.abs(np.fft.rfft(frame)) ** 2
        spectrum[spectrum < 1e-6] = 0
        np.log10(spectrum + 1e-9).mean(), spectrum.argmax(), np.clip(frame, -1, 1).astype("i2")
    image = np.arange(48 * 64 * 3, dtype=np.uint8).reshape(48, 64, 3)
    for _ in range(20):
        image[::2, ::-1].astype("f4").mean(axis=(0, 1)), image.transpose(2, 0, 1).copy()
        np.concatenate([image, image[:4]]), np.pad(image, ((1, 1), (1, 1), (0, 0)))
    square = np.eye(12) * 3 + 1
    for _ in range(20):
        np.linalg.solve(square, square[0]), square @ square, np.einsum("ij,jk", square, square)
        np.where(square > 1, square, 0).sum(), np.sort(square.ravel()), np.unique(square)
    for value in sound[:2000]:
        float(value) + 1.0


PARTS = (classes, collections_of_things, iterating, texts, formats, numbers, nodes, arrays)
for part in 3 * PARTS:
    part()
