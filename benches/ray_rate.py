#!/usr/bin/env python3
"""How many rows a second a PipelineMapper does, beside wasmtime-py, and what Arrow costs of it.

    benches/ray_rate.py [--rows N] [--rounds N] [--record] [--dist DIR]

Measures, in rounds that take turns, rows of TextProcessorNode: `PipelineMapper` on tables in this
process, with one thread and with one for each core, and with a sandbox for each batch; the same in
Ray Data with one and two actors, once they run; and `remotemedia.sandbox.wasmtime_py`, a run for
each item. Besides, without runs: how long Arrow's columns take to become items and items columns,
for texts and for a second of audio. Needs `remotemedia`, `ray[data]` and `wasmtime`: `cargo xtask
scale ray` has them. Exit code 1 where the mapper in Ray has less than ten times the rate of
wasmtime-py; --record writes benches/results/ray-rate-<date>.json.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import faults
import pyarrow as pa
import ray

from remotemedia import arrow, media
from remotemedia.ray import PipelineMapper
from remotemedia.sandbox import wasmtime_py

MANIFEST = json.dumps({"version": "v1", "nodes": [{"id": "n", "node_type": "TextProcessorNode"}]})
ITEM = {"text": "Hello WASM", "operations": ["uppercase", "word_count"]}
BATCH = 500
BAR = 10
# Runs of wasmtime-py: it takes some milliseconds for each.
SLOW = 200


def per_second(count: int, work: Callable[[], object]) -> float:
    """How many a second."""
    start = time.perf_counter()
    work()
    return count / (time.perf_counter() - start)


class Measure:
    """What is measured, made once."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self.rows = arguments.rows
        self.dist = str(arguments.dist)
        self.table = pa.table({"item": [ITEM] * BATCH})
        self.slow = wasmtime_py.Sandbox(self.dist)
        self.slow.run(MANIFEST, [ITEM])

    def mapper(self, **options: Any) -> PipelineMapper:
        return PipelineMapper(MANIFEST, column="item", dist=self.dist, **options)

    def tables(self, mapper: PipelineMapper) -> float:
        mapper(self.table)
        batches = max(self.rows // BATCH, 1)
        return per_second(batches * BATCH, lambda: [mapper(self.table) for _ in range(batches)])

    def in_ray(self, actors: int) -> float:
        """Rows a second from the first batch that comes out to the last one."""
        blocks = max(self.rows // BATCH, 4)
        rows = ray.data.from_arrow([self.table] * blocks).map_batches(
            PipelineMapper,
            fn_constructor_kwargs={"manifest": MANIFEST, "column": "item", "dist": self.dist},
            batch_format="pyarrow",
            batch_size=BATCH,
            compute=ray.data.ActorPoolStrategy(size=actors),
        )
        count = first = 0
        start = 0.0
        for batch in rows.iter_batches(batch_size=None, batch_format="pyarrow", prefetch_batches=0):
            count += batch.num_rows
            # Until each actor has had a batch they are being started.
            if not start and count >= actors * BATCH:
                start, first = time.perf_counter(), count
        if count != blocks * BATCH:
            raise RuntimeError(f"{count} rows of {blocks * BATCH}")
        return (count - first) / (time.perf_counter() - start)

    def round(self) -> dict[str, float]:
        return {
            "wasmtime-py, an item at a time": per_second(
                SLOW, lambda: [self.slow.run(MANIFEST, [ITEM]) for _ in range(SLOW)]
            ),
            "mapper, 1 thread": self.tables(self.mapper()),
            "mapper, a thread for each core": self.tables(self.mapper(threads=None)),
            "mapper, a sandbox for each batch": self.tables(self.mapper(isolate="batch")),
            "Ray Data, 1 actor": self.in_ray(1),
            "Ray Data, 2 actors": self.in_ray(2),
        }


def conversions() -> dict[str, float]:
    """Microseconds of a row, without any run."""
    results = arrow.to_items(pa.array([ITEM] * BATCH))
    second = arrow.from_items([media.Audio(bytes(4 * 48_000), 48_000)] * 100)
    seconds = arrow.to_items(second)
    texts = pa.array([ITEM] * BATCH)

    def microseconds(count: int, work: Callable[[], object]) -> float:
        return round(1e6 / statistics.median(per_second(count, work) for _ in range(20)), 2)

    return {
        "dicts to items": microseconds(BATCH, lambda: arrow.to_items(texts)),
        "dicts to a column": microseconds(BATCH, lambda: arrow.from_items(results)),
        "a second of audio to an item": microseconds(100, lambda: arrow.to_items(second)),
        "a second of audio to a column": microseconds(100, lambda: arrow.from_items(seconds)),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--record", action="store_true", help="write what came of it")
    parser.add_argument("--dist", type=Path, default=faults.ROOT / "target/dist")
    arguments = parser.parse_args()
    arguments.dist = arguments.dist.resolve()
    measure = Measure(arguments)
    ray.init(
        num_cpus=3, include_dashboard=False, log_to_driver=False, object_store_memory=256 << 20
    )
    ray.data.DataContext.get_current().enable_progress_bars = False
    rounds = [measure.round() for _ in range(arguments.rounds)]
    ray.shutdown()
    found = {name: round(statistics.median(it[name] for it in rounds), 1) for name in rounds[0]}
    beside = found["Ray Data, 2 actors"] / found["wasmtime-py, an item at a time"]
    record = {
        "machine": {**faults.machine(), "ray": ray.__version__, "arrow": pa.__version__},
        "rows": arguments.rows,
        "rounds": arguments.rounds,
        "rows_per_second": found,
        "microseconds_without_runs": conversions(),
        "ray_beside_wasmtime_py": round(beside, 1),
        "bar": BAR,
    }
    print(json.dumps(record, indent=2))
    if arguments.record:
        date = record["machine"]["date"]
        path = faults.ROOT / f"benches/results/ray-rate-{date}.json"
        path.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
        print(f"recorded in {path.relative_to(faults.ROOT)}")
    return 0 if beside >= BAR else 1


if __name__ == "__main__":
    sys.exit(main())
