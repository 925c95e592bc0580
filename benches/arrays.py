#!/usr/bin/env python3
"""numpy in the sandbox beside numpy on this Python, on one thread.

    benches/arrays.py [--rounds N] [--record] [--dist DIRECTORY]

Run it by a Python that has the same numpy as the component (docs/numpy.md names it); `cargo xtask
build` leaves the rest in `target/dist`. Operations on arrays, and the nodes of `examples/sound` on
a minute of sound in pieces of a second. The two take turns, each round in fresh processes; what is
compared are the least times, since whatever else the machine does only adds. With `--record` the
figures go to benches/results/arrays-<date>.json. Exit code 1 if a bar is missed.
"""

from __future__ import annotations

import argparse
import array
import datetime
import importlib
import json
import math
import os
import platform
import subprocess
import sys
import tempfile
import time
import wave
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
NODES = ROOT / "examples/sound/nodes"
RATE = 16000
SECONDS = 60

# What was asked for: the largest ratio of the sandbox to native numpy, by the beginning of a name.
BARS = {"float32: ": 2.0, "fft: ": 2.0, "product: 512x512, float32": 6.0}

# Runs as a node in the sandbox and as a program natively. Gives the least milliseconds by name.
OPERATIONS = '''
import time

import numpy as np


def operations():
    random = np.random.default_rng(1)
    a32, b32 = (random.random(1_000_000, dtype=np.float32) for _ in range(2))
    a64, b64 = (random.random(1_000_000) for _ in range(2))
    out32, out64 = np.empty_like(a32), np.empty_like(a64)
    yield "float32: add, 10^6", lambda: np.add(a32, b32, out=out32)
    yield "float32: multiply, 10^6", lambda: np.multiply(a32, b32, out=out32)
    yield "float32: maximum, 10^6", lambda: np.maximum(a32, b32, out=out32)
    yield "float32: square root, 10^6", lambda: np.sqrt(a32, out=out32)
    yield "float64: multiply, 10^6", lambda: np.multiply(a64, b64, out=out64)
    yield "float32, more: exp, 10^6", lambda: np.exp(a32, out=out32)
    yield "float32, more: sine, 10^6", lambda: np.sin(a32, out=out32)
    yield "float32, more: sum, 10^6", lambda: a32.sum()
    yield "float64, more: exp, 10^6", lambda: np.exp(a64, out=out64)
    for size in (512, 65536):
        signal = random.random(size)
        yield f"fft: {size}", lambda signal=signal: np.fft.rfft(signal)
    rows = random.random((1000, 512), dtype=np.float32)
    yield "fft: 1000 rows of 512, float32", lambda: np.fft.rfft(rows)
    for type_ in (np.float32, np.float64):
        a, b = (random.random((512, 512)).astype(type_) for _ in range(2))
        v = random.random(512).astype(type_)
        yield f"product: 512x512, {type_.__name__}", lambda a=a, b=b: a @ b
        yield f"product: 512x512 and 512, {type_.__name__}", lambda a=a, v=v: a @ v
    square = random.random((256, 256))
    yield "linalg: solve, 256x256", lambda: np.linalg.solve(square, square[0])
    yield "linalg: singular values, 128x128", lambda: np.linalg.svd(square[:128, :128])
    backwards = np.arange(1_000_000, dtype=np.int32)[::-1]
    yield "sort: 10^6 int32 backwards", lambda: np.sort(backwards)


class Operations:
    def process(self, times):
        least = {}
        for name, operation in operations():
            operation()
            taken = []
            for _ in range(times):
                start = time.perf_counter()
                operation()
                taken.append(time.perf_counter() - start)
            least[name] = min(taken) * 1e3
        return least
'''


def sound() -> list[float]:
    """A minute of plucked strings, two a second."""
    samples = []
    for at in range(SECONDS * RATE):
        since = at % (RATE // 2) / RATE
        hertz = 220 * (1 + at // (RATE // 2) % 5)
        samples.append(0.6 * math.exp(-12 * since) * math.sin(2 * math.pi * hertz * since))
    return samples


def manifest(piece: int) -> dict[str, Any]:
    """The nodes of examples/sound, after one that cuts the sound into pieces."""
    nodes: list[dict[str, Any]] = [
        {"id": "pieces", "node_type": "AudioChunkNode", "params": {"frames": piece}},
        {"id": "Spectrogram", "node_type": "sound:Spectrogram"},
        {"id": "MelBands", "node_type": "sound:MelBands"},
        {"id": "Onsets", "node_type": "sound:Onsets"},
    ]
    names = [node["id"] for node in nodes]
    pairs = zip(names, names[1:], strict=False)
    connections = [{"from": one, "to": other} for one, other in pairs]
    return {"version": "v1", "nodes": nodes, "connections": connections}


class Sandbox:
    """The program `pipeline`, run once for each measurement."""

    def __init__(self, dist: Path, work: Path) -> None:
        self.program = dist / "pipeline"
        self.work = work
        work.joinpath("operations.py").write_text(OPERATIONS)
        node = {"id": "n", "node_type": "operations:Operations"}
        operations = {"version": "v1", "nodes": [node]}
        work.joinpath("operations.json").write_text(json.dumps(operations))
        work.joinpath("sound.json").write_text(json.dumps(manifest(RATE)))

    def __call__(self, name: str, given: str, *options: str) -> dict[str, Any]:
        command = [self.program, "run", self.work / name, "--nodes", self.work, "--nodes", NODES]
        done = subprocess.run(
            [*command, "--input", given, "--format", "json", "--timeout", "none", *options],
            stdout=subprocess.PIPE,
            check=True,
        )
        result: dict[str, Any] = json.loads(done.stdout)
        return result

    def operations(self, times: int) -> dict[str, float]:
        """Milliseconds of each operation."""
        least: dict[str, float] = self("operations.json", str(times))["outputs"][0]
        return least

    def nodes(self, samples: list[float]) -> dict[str, float]:
        """Milliseconds that each node took for the sound."""
        path = self.work / "sound.wav"
        with wave.open(str(path), "wb") as file:
            file.setparams((1, 2, RATE, len(samples), "NONE", ""))
            file.writeframes(array.array("h", (round(32767 * each) for each in samples)).tobytes())
        metrics = self("sound.json", f"@{path}", "--metrics")["metrics"]
        return {each["node_id"]: each["nanoseconds"] / 1e6 for each in metrics[1:]}


def natively(what: str, given: str) -> dict[str, float]:
    """The same in a fresh process of this Python, on one thread."""
    threads = {name: "1" for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")}
    command = [sys.executable, __file__, "--natively", what, given]
    done = subprocess.run(command, env=os.environ | threads, stdout=subprocess.PIPE, check=True)
    result: dict[str, float] = json.loads(done.stdout)
    return result


def native_nodes() -> dict[str, float]:
    """Milliseconds that each node takes natively for the sound."""
    import numpy as np

    sys.path[:0] = [str(ROOT / "python"), str(NODES)]
    module = importlib.import_module("sound")
    samples = np.array(sound(), np.float32).reshape(SECONDS, RATE)
    nodes = [module.Spectrogram(), module.MelBands(), module.Onsets()]
    took = [0.0] * len(nodes)
    for piece in samples:
        item: Any = piece
        for at, node in enumerate(nodes):
            start = time.perf_counter()
            item = node.process(item)
            if at == len(nodes) - 1:
                item = list(item)
            took[at] += time.perf_counter() - start
    return {type(node).__name__: each * 1e3 for node, each in zip(nodes, took, strict=True)}


def measure(dist: Path, rounds: int) -> list[tuple[str, float, float]]:
    """The name of each measurement, and the least milliseconds in the sandbox and natively."""
    least: dict[str, list[float]] = {}
    samples = sound()
    with tempfile.TemporaryDirectory() as work:
        sandbox = Sandbox(dist, Path(work))
        for round_ in range(rounds):
            print(f"\rround {round_ + 1} of {rounds}", end="", file=sys.stderr, flush=True)
            pairs = [
                (sandbox.operations(10), natively("operations", "10"), ""),
                (sandbox.nodes(samples), natively("nodes", ""), "a minute of sound: "),
            ]
            for ours, theirs, group in pairs:
                for name, took in ours.items():
                    both = least.setdefault(group + name, [math.inf, math.inf])
                    both[:] = min(both[0], took), min(both[1], theirs[name])
    print(file=sys.stderr)
    return [(name, ours, theirs) for name, (ours, theirs) in least.items()]


def main() -> int:
    """Measures, prints a table, and says which bars are missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--dist", type=Path, default=ROOT / "target/dist")
    parser.add_argument("--natively", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.natively:
        what, given = arguments.natively
        if what == "nodes":
            print(json.dumps(native_nodes()))
        else:
            names: dict[str, Any] = {}
            exec(OPERATIONS, names)
            print(json.dumps(names["Operations"]().process(int(given))))
        return 0
    import numpy as np

    rows = measure(arguments.dist, arguments.rounds)
    missed = 0
    print("| | sandbox, ms | native, ms | times | at most |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for name, ours, theirs in rows:
        ratio = ours / theirs
        bar = next((bar for start, bar in BARS.items() if name.startswith(start)), None)
        missed += bar is not None and ratio > bar
        print(f"| {name} | {ours:.3g} | {theirs:.3g} | {ratio:.2f} | {bar or ''} |")
    if arguments.record:
        today = datetime.date.today().isoformat()
        record = {
            "date": today,
            "python": platform.python_version(),
            "numpy": np.__version__,
            "load": os.getloadavg()[0],
            "rounds": arguments.rounds,
            "least milliseconds": {
                name: {"sandbox": ours, "native": theirs} for name, ours, theirs in rows
            },
        }
        path = ROOT / f"benches/results/arrays-{today}.json"
        path.write_text(json.dumps(record, indent=1) + "\n")
        print(f"written to {path.relative_to(ROOT)}", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
