#!/usr/bin/env python3
"""Proof by faults for Ray Data: actors are killed while rows flow.

    benches/ray_faults.py [--rows N] [--kills N] [--seed N] [--record] [--program P] [--dist DIR]

Two actors run a pipeline on each row. While they do, one of them is killed (SIGKILL) at random
places. Then every row must have exactly its outputs, none missing and none twice, byte for byte
those of one `pipeline run`, and each row that fails exactly one error. Needs `remotemedia` and
`ray[data]`: `cargo xtask faults ray` has both. Exit code 1 where something is missing, doubled or
different; --record writes benches/results/ray-faults-<date>.json.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import faults
import pyarrow as pa
import ray

from remotemedia.ray import PipelineMapper

ACTORS = 2
BATCH = 100
BLOCK = 500
ACTOR = "ray::MapWorker"


def processes() -> dict[int, int]:
    """All processes of this machine, with the parent of each."""
    found = {}
    for place in Path("/proc").iterdir():
        if place.name.isdigit():
            try:
                fields = (place / "stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue  # it has ended
            found[int(place.name)] = int(fields[1])
    return found


def actors() -> list[int]:
    """The processes of the actors that this program has started."""
    parents = processes()

    def is_ours(process: int) -> bool:
        while process > 1:
            if process == os.getpid():
                return True
            process = parents.get(process, 0)
        return False

    found = []
    for process in filter(is_ours, parents):
        try:
            command = Path(f"/proc/{process}/cmdline").read_bytes()
        except OSError:
            continue
        if command.startswith(ACTOR.encode()):
            found.append(process)
    return found


def rows(count: int) -> ray.data.Dataset:
    """The rows, as many blocks."""

    def block(batch: pa.Table) -> pa.Table:
        numbers = [number + 1 for number in batch["id"].to_pylist()]
        return pa.table({"number": numbers, "text": [f"message {it}" for it in numbers]})

    blocks = max(count // BLOCK, 1)
    made = ray.data.range(count, override_num_blocks=blocks)
    return made.map_batches(block, batch_format="pyarrow")


class Killer:
    """Kills an actor when so many rows are done."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self.random = random.Random(arguments.seed)
        shares = [self.random.uniform(0.02, 0.95) for _ in range(arguments.kills)]
        self.plan = sorted(share * arguments.rows for share in shares)
        self.killed: list[dict[str, int]] = []
        self.rows = 0

    def seen(self, count: int) -> None:
        """Rows have come out."""
        self.rows += count
        while self.plan and self.plan[0] <= self.rows:
            self.plan.pop(0)
            self.kill()

    def kill(self) -> None:
        while not (alive := actors()):
            time.sleep(0.2)  # those that were killed last are being started
        process = self.random.choice(alive)
        os.kill(process, signal.SIGKILL)
        self.killed.append({"process": process, "at_rows": self.rows})
        print(f"{self.rows:>8} rows: actor {process} is killed", flush=True)


def results(arguments: argparse.Namespace, folder: Path, killer: Killer) -> Iterator[pa.Table]:
    """What comes out, as it comes."""
    mapped = rows(arguments.rows).map_batches(
        PipelineMapper,
        fn_constructor_kwargs={
            "manifest": str(folder / "m.json"),
            "nodes": [str(folder / "nodes")],
            "dist": str(arguments.dist),
            "keep": ["number"],
            "output_type": "json",
            "on_error": "column",
            "collect": True,
            "timeout": 60,
        },
        batch_format="pyarrow",
        batch_size=BATCH,
        compute=ray.data.ActorPoolStrategy(size=ACTORS),
    )
    for batch in mapped.iter_batches(batch_size=None, batch_format="pyarrow", prefetch_batches=0):
        killer.seen(batch.num_rows)
        yield batch


def judge(tables: list[pa.Table], wanted: dict[int, list[bytes]], count: int) -> dict[str, Any]:
    """Compares what is there with what should be."""
    got: dict[int, list[bytes]] = defaultdict(list)
    times: Counter[int] = Counter()
    errors: Counter[int] = Counter()
    wrong = 0
    for table in tables:
        for row in table.to_pylist():
            number = row["number"]
            times[number] += 1
            if row["error"] is not None:
                errors[number] += 1
                wrong += f"{number} is a multiple of 97" not in row["error"]["message"]
                wrong += row["output"] is not None
            got[number] += [text.encode() for text in row["output"] or ()]
    missing = doubled = different = 0
    for number in range(1, count + 1):
        fails = number % 97 == 0
        missing += times[number] == 0 or (fails and errors[number] == 0)
        doubled += max(times[number] - 1, 0)
        different += got[number] != wanted.get(number, [])
        wrong += errors[number] != fails
    wrong += sum(not 1 <= number <= count for number in times)
    return {
        "rows": count,
        "outputs": sum(map(len, got.values())),
        "errors": sum(errors.values()),
        "missing": missing,
        "doubled": doubled,
        "different": different,
        "wrong": wrong,
        "right": not (missing or doubled or different or wrong),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--record", action="store_true", help="write what came of it")
    parser.add_argument("--dist", type=Path, default=faults.ROOT / "target/dist")
    parser.add_argument("--program", type=Path, help="the program [default: that of --dist]")
    arguments = parser.parse_args()
    arguments.dist = arguments.dist.resolve()
    program = (arguments.program or arguments.dist / "pipeline").resolve()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        environment = faults.prepare(folder, program, arguments.dist)
        # A core for each actor, and one for what makes rows.
        ray.init(
            num_cpus=ACTORS + 1,
            include_dashboard=False,
            log_to_driver=False,
            object_store_memory=256 << 20,
        )
        ray.data.DataContext.get_current().enable_progress_bars = False
        killer = Killer(arguments)
        start = time.monotonic()
        tables = list(results(arguments, folder, killer))
        took = time.monotonic() - start
        ray.shutdown()
        wanted = faults.expected(folder, program, environment, arguments.rows)
    record = {"machine": {**faults.machine(), "ray": ray.__version__, "arrow": pa.__version__}}
    record |= judge(tables, wanted, arguments.rows)
    record["killed"] = killer.killed
    record["seconds"] = round(took, 1)
    record["right"] = record["right"] and len(killer.killed) == arguments.kills
    print(json.dumps(record, indent=2))
    if arguments.record:
        date = record["machine"]["date"]
        path = faults.ROOT / f"benches/results/ray-faults-{date}.json"
        path.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
        print(f"recorded in {path.relative_to(faults.ROOT)}")
    return 0 if record["right"] else 1


if __name__ == "__main__":
    sys.exit(main())
