#!/usr/bin/env python3
"""Long audio in pieces, and streams of small items.

    benches/live.py [--program PROGRAM] [--record]

Runs an hour of 16-bit audio through gain and resampling in pieces of 0.1 s, two million numbers through
two nodes in Rust with --stream, and lone numbers with a pause between them. Needs a built
`target/dist`. --record writes benches/results/live-<date>.txt.
"""

from __future__ import annotations

import argparse
import array
import datetime
import itertools
import json
import math
import os
import platform
import random
import subprocess
import tempfile
import time
import wave
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SECONDS = 3600
RATE = 44_100
NUMBERS = 2_000_000
LONE = 500

Node = tuple[str, dict[str, object]]


def manifest(*nodes: Node) -> str:
    """A chain of nodes."""
    ids = [f"n{number}" for number in range(len(nodes))]
    entries = [
        {"id": name, "node_type": node_type, "params": params}
        for name, (node_type, params) in zip(ids, nodes, strict=True)
    ]
    connections = [{"from": a, "to": b} for a, b in itertools.pairwise(ids)]
    return json.dumps({"version": "v1", "nodes": entries, "connections": connections})


def long_wav(path: Path) -> None:
    """A tone with some noise."""
    noise = random.Random(1)
    second = array.array(
        "h",
        (
            int(12_000 * math.sin(2 * math.pi * 441 * n / RATE))
            + noise.randint(-300, 300)
            for n in range(RATE)
        ),
    ).tobytes()
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        for _ in range(SECONDS):
            file.writeframesraw(second)


def measured(
    command: list[str], stdin: int | None = None, stdout: int | None = None
) -> tuple[float, float, float]:
    """Wall and processor time in seconds, and the most memory in MiB."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdin=stdin, stdout=stdout)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    if status:
        raise SystemExit(f"{command} ended with {status}")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def lone(command: list[str]) -> list[float]:
    """Times from a number to its output, in milliseconds, sorted."""
    times = []
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin and process.stdout
        for number in range(LONE):
            start = time.perf_counter()
            process.stdin.write(b"%d\n" % number)
            process.stdin.flush()
            process.stdout.readline()
            times.append(1000 * (time.perf_counter() - start))
            time.sleep(0.005)
        process.stdin.close()
    return sorted(times)


def main() -> None:
    """Measures, prints, and records where it is told to."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--program", default=str(ROOT / "target/dist/pipeline"))
    parser.add_argument("--record", action="store_true")
    arguments = parser.parse_args()
    program = arguments.program
    os.environ.setdefault("PIPELINE_DIST", str(ROOT / "target/dist"))
    load = os.getloadavg()[0]
    lines = [
        f"{platform.machine()}, {os.cpu_count()} processors, load {load:.1f} at the start",
        "",
    ]
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "audio.json").write_text(
            manifest(
                ("AudioGainNode", {"gain_db": -6}),
                ("AudioResampleNode", {"sample_rate": 16_000}),
            )
        )
        (place / "numbers.json").write_text(
            manifest(("MultiplyNode", {"multiplier": 2}), ("AddNode", {"addend": 10}))
        )
        long_wav(place / "in.wav")
        command = [
            program,
            "run",
            str(place / "audio.json"),
            "--input",
            f"@{place / 'in.wav'}",
        ]
        wall, processor, memory = measured(
            [*command, "--chunk", "0.1", "--output", str(place / "out.wav")]
        )
        lines.append(
            f"an hour of audio, gain and resampling to 16 kHz, pieces of 0.1 s: {wall:.1f} s "
            f"({SECONDS / wall:.0f} times real time), processor {processor:.1f} s "
            f"({SECONDS / processor:.0f} times), {memory:.0f} MiB"
        )
        with (place / "numbers").open("w") as numbers:
            # A child's memory counts from before it is another program.
            numbers.writelines(f"{n}\n" for n in range(NUMBERS))
        command = [program, "run", str(place / "numbers.json"), "--stream"]
        with (place / "numbers").open() as numbers, (place / "out").open("w") as out:
            wall, processor, memory = measured(
                command, stdin=numbers.fileno(), stdout=out.fileno()
            )
        lines.append(
            f"{NUMBERS:,} numbers through two nodes in Rust, --stream: {wall:.2f} s "
            f"({NUMBERS / wall:,.0f} a second), processor {processor:.2f} s "
            f"({NUMBERS / processor:,.0f} a second), {memory:.0f} MiB"
        )
        times = lone(command)
        lines.append(
            f"a lone number, to its output: p50 {times[LONE // 2]:.2f} ms, "
            f"p99 {times[LONE * 99 // 100]:.2f} ms"
        )
    text = "\n".join(lines) + "\n"
    print(text, end="")
    if arguments.record:
        today = datetime.date.today().isoformat()
        (ROOT / f"benches/results/live-{today}.txt").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
