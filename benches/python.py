#!/usr/bin/env python3
"""The host for Python beside the host in Rust, and two threads beside one.

    benches/python.py [--rounds N] [--record] [--core DIRECTORY] [--dist DIRECTORY]

Needs what `cargo xtask build` and `cargo xtask wheel` leave in `target`, and the program that it is
compared with: `cargo build --release -p pipeline-benches`. The two take turns, round by round, in
one run on one machine, so that a noisy machine is noisy for both; what is compared are the medians
of all rounds. On a machine that does other work besides, give it both cores for its seconds (`chrt
--fifo 5 benches/python.py`): two threads can't be faster than one on one core. Exit code 1 if a bar
is missed. With `--record` the samples are written to benches/results/python-<date>.json.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "python"))

import remotemedia  # noqa: E402

TEXT = {"version": "v1", "nodes": [{"id": "text", "node_type": "TextProcessorNode"}]}
TEXT_ITEMS = [{"text": "Hello WASM", "operations": ["uppercase", "word_count"]}]
SOUND = {"version": "v1", "nodes": [{"id": "pass", "node_type": "PassThrough"}]}
SECONDS, RATE = 60, 48_000
TEXTS, SOUNDS = 200, 5
"""How many runs a round has."""
# What was asked for: at most this many times the other, or at least.
BARS = {
    "TextProcessorNode on a fresh instance, Python over Rust": ("at most", 2.0),
    "a minute of 48 kHz through a node that does nothing, Python over Rust": ("at most", 3.0),
    "two threads over one": ("at least", 1.8),
}


class Beside:
    """The host in Rust, in a process of its own."""

    def __init__(self, program: Path, dist: Path) -> None:
        self.process = subprocess.Popen(
            [program, dist], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __call__(self, work: str, times: int) -> list[float]:
        """Milliseconds of each run."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(f"{work} {times}\n")
        self.process.stdin.flush()
        samples: list[float] = json.loads(self.process.stdout.readline())
        return samples

    def __enter__(self) -> Beside:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.communicate()


def timed(run: Callable[[], Any], times: int) -> list[float]:
    """Milliseconds of each call."""
    samples = []
    for _ in range(times):
        begun = time.perf_counter()
        run()
        samples.append((time.perf_counter() - begun) * 1e3)
    return samples


def rate(run: Callable[[], Any], threads: int, times: int) -> float:
    """Calls a second of all threads together, each of which makes so many."""
    gate = threading.Barrier(threads + 1)

    def work() -> None:
        gate.wait()
        for _ in range(times):
            run()
        gate.wait()

    started = [threading.Thread(target=work) for _ in range(threads)]
    for thread in started:
        thread.start()
    gate.wait()
    begun = time.perf_counter()
    gate.wait()
    took = time.perf_counter() - begun
    for thread in started:
        thread.join()
    return threads * times / took


def measure(beside: Beside, dist: Path, rounds: int) -> dict[str, dict[str, list[float]]]:
    """The samples of each comparison, by what is compared."""
    from remotemedia import Audio
    from remotemedia.sandbox import Sandbox

    sandbox = Sandbox(dist)
    silence = memoryview(bytearray(4 * SECONDS * RATE)).cast("f")
    audio = Audio(silence, RATE, 1)

    def text() -> None:
        (output,) = sandbox.run(TEXT, TEXT_ITEMS).outputs
        assert output["results"]["uppercase"] == "HELLO WASM"

    def sound() -> None:
        (output,) = sandbox.run(SOUND, [audio]).outputs
        assert len(output.samples) == SECONDS * RATE

    names = list(BARS)
    found: dict[str, dict[str, list[float]]] = {
        names[0]: {"python": [], "rust": []},
        names[1]: {"python": [], "rust": []},
        names[2]: {"two": [], "one": []},
    }
    for turn in range(rounds + 1):
        texts = timed(text, TEXTS), beside("text", TEXTS)
        sounds = timed(sound, SOUNDS), beside("sound", SOUNDS)
        rates = rate(text, 2, TEXTS), rate(text, 1, TEXTS)
        if turn == 0:
            continue  # it warmed up
        for name, (first, second) in zip(names[:2], (texts, sounds), strict=True):
            found[name]["python"] += first
            found[name]["rust"] += second
        found[names[2]]["two"].append(rates[0])
        found[names[2]]["one"].append(rates[1])
    return found


def main() -> int:
    """Measure, print, and record."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--dist", type=Path, default=ROOT / "target/dist")
    parser.add_argument("--core", type=Path, default=ROOT / "target/core")
    parser.add_argument("--beside", type=Path, default=ROOT / "target/release/pipeline-beside")
    arguments = parser.parse_args()
    remotemedia.__path__.append(str(arguments.core))
    before = os.getloadavg()[0]
    with Beside(arguments.beside, arguments.dist) as beside:
        found = measure(beside, arguments.dist, arguments.rounds)
    missed = 0
    rows = []
    for name, sides in found.items():
        (one, first), (other, second) = sides.items()
        medians = statistics.median(first), statistics.median(second)
        ratio = medians[0] / medians[1]
        kind, bar = BARS[name]
        met = ratio <= bar if kind == "at most" else ratio >= bar
        missed += not met
        unit = "ms" if "rust" in sides else "runs a second"
        print(
            f"{name}: {ratio:.2f} ({kind} {bar}{'' if met else ', MISSED'}); "
            f"{one} {medians[0]:.4g} {unit}, {other} {medians[1]:.4g} {unit}"
        )
        rows.append({"name": name, "ratio": ratio, "bar": [kind, bar], "samples": sides})
    if arguments.record:
        commit = subprocess.run(
            ["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True
        )
        record = {
            "machine": {
                "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
                "commit": commit.stdout.strip(),
                "cores": os.cpu_count(),
                "kernel": platform.release(),
                "python": platform.python_version(),
                "load": [before, os.getloadavg()[0]],
            },
            "rows": rows,
        }
        path = ROOT / f"benches/results/python-{record['machine']['date']}.json"
        path.write_text(json.dumps(record) + "\n", encoding="utf-8")
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
