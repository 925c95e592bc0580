#!/usr/bin/env python3
"""What workers of `pipeline work` do, beside a bare queue and beside runs without one.

    benches/nats_queue.py [--messages N] [--rounds N] [--record] [--dist DIR] [--bin DIR]

Measures, in rounds that take turns: runs in one process (`Workers`, JSON to JSON); 1, 2 and 4 workers
with one run at a time each, on the same messages; a pipeline that does nothing; and a bare loop that
takes messages and acknowledges them, with and without storing one for each. For each it says messages
a second, and how much processor time a message takes of the worker and of the server. Needs
`nats-server`, nats-py and `pipeline-queue` (cargo build -p xtask -p pipeline-benches --release).
--record writes benches/results/nats-queue-<date>.json.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

import nats
from nats_faults import Server, machine
from nats.errors import Error as NatsError
from nats.js.api import ConsumerConfig, RetentionPolicy, StreamConfig

ROOT = Path(__file__).resolve().parents[1]
TICK = os.sysconf("SC_CLK_TCK")

TEXT = {"version": "v1", "nodes": [{"id": "text", "node_type": "TextProcessorNode"}]}
PASS = {"version": "v1", "nodes": [{"id": "pass", "node_type": "PassThrough"}]}
PAYLOAD = '{"text": "Hello WASM", "operations": ["uppercase", "word_count"]}'


def processor_time(process: int) -> float:
    """The seconds that a process that lives has had of the processors."""
    fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def moved(server: Server) -> int:
    """The bytes of messages that a server has taken and given."""
    with urllib.request.urlopen(f"http://127.0.0.1:{server.monitor}/varz") as answer:
        found = json.load(answer)
    return int(found["in_bytes"]) + int(found["out_bytes"])


class Measure:
    """One round after the other."""

    def __init__(self, arguments: argparse.Namespace, folder: Path) -> None:
        self.count = arguments.messages
        self.dist = arguments.dist
        self.queue = str(arguments.bin / "pipeline-queue")
        self.program = str(arguments.program)
        self.folder = folder
        self.server = Server(folder)
        self.number = 0
        for name, manifest in (("text", TEXT), ("pass", PASS)):
            (folder / f"{name}.json").write_text(json.dumps(manifest), encoding="utf-8")

    async def fresh(self, client: nats.NATS) -> str:
        """A work queue full of messages, and a stream for outputs."""
        self.number += 1
        name = f"q{self.number}"
        stream = client.jetstream()
        queue = StreamConfig(name=name, subjects=[name], retention=RetentionPolicy.WORK_QUEUE)
        await stream.add_stream(queue)
        outputs = [f"{name}-outputs", f"{name}-errors"]
        window = StreamConfig(name=f"{name}-outputs", subjects=outputs, duplicate_window=120)
        await stream.add_stream(window)
        consumer = ConsumerConfig(durable_name="c", ack_wait=30, max_ack_pending=100_000)
        await stream.add_consumer(name, consumer)
        await asyncio.to_thread(self.run, "fill", self.server.url, name, PAYLOAD, str(self.count))
        return name

    def run(self, *arguments: str) -> dict[str, float]:
        """Runs `pipeline-queue`, which prints the seconds that it worked."""
        server = processor_time(self.server.process.pid)
        process = subprocess.Popen(
            [self.queue, *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        assert process.stdout is not None
        printed = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        if status:
            raise RuntimeError(f"{arguments} failed")
        return self.result(
            float(printed),
            usage.ru_utime + usage.ru_stime,
            processor_time(self.server.process.pid) - server,
        )

    def result(self, seconds: float, worker: float, server: float) -> dict[str, float]:
        return {
            "messages_per_second": self.count / seconds,
            "worker_microseconds": worker / self.count * 1e6,
            "server_microseconds": server / self.count * 1e6,
        }

    async def workers(self, client: nats.NATS, manifest: str, count: int) -> dict[str, float]:
        """Some workers, from the first message to the last acknowledgement."""
        name = await self.fresh(client)
        environment = {**os.environ, "PIPELINE_DIST": str(self.dist)}
        command = [self.program, "work", str(self.folder / f"{manifest}.json"), "--stream", name]
        command += ["--consumer", "c", "--nats", self.server.url, "--concurrency", "1"]
        server = processor_time(self.server.process.pid)
        before = moved(self.server)
        start = time.monotonic()
        processes = [
            subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
            for _ in range(count)
        ]
        stream = client.jetstream(timeout=60)
        while (await stream.stream_info(name)).state.messages:
            await asyncio.sleep(0.02)
        seconds = time.monotonic() - start
        worker = sum(processor_time(process.pid) for process in processes)
        passed = moved(self.server) - before
        for process in processes:
            process.terminate()
            process.wait()
        result = self.result(seconds, worker, processor_time(self.server.process.pid) - server)
        result["bytes_through_server"] = passed / self.count
        stored = (await stream.stream_info(f"{name}-outputs")).state
        result["output_bytes_stored"] = stored.bytes / self.count
        if stored.messages != self.count:
            raise RuntimeError(f"{stored.messages} outputs of {self.count} messages")
        return result

    async def pull(self, client: nats.NATS, store: bool) -> dict[str, float]:
        """A bare loop."""
        name = await self.fresh(client)
        subject = [f"{name}-outputs"] if store else []
        return await asyncio.to_thread(
            self.run, "pull", self.server.url, name, "c", str(self.count), *subject
        )

    async def round(self) -> dict[str, dict[str, float]]:
        client = await nats.connect(self.server.url)
        try:
            found = {}
            for threads in (1, 2):
                found[f"TextProcessor, no queue, {threads} threads"] = await asyncio.to_thread(
                    self.run,
                    "runs",
                    str(self.dist),
                    str(self.folder / "text.json"),
                    PAYLOAD,
                    str(self.count),
                    str(threads),
                )
            for count in (1, 2, 4):
                name = f"TextProcessor, {count} workers"
                found[name] = await self.workers(client, "text", count)
            found["PassThrough, 1 worker"] = await self.workers(client, "pass", 1)
            found["bare loop: take, acknowledge"] = await self.pull(client, store=False)
            found["bare loop: take, store, acknowledge"] = await self.pull(client, store=True)
            return found
        finally:
            await client.close()


def medians(rounds: list[dict[str, dict[str, float]]]) -> dict[str, Any]:
    """What is in the middle of the rounds."""
    return {
        name: {
            key: round(statistics.median(one[name][key] for one in rounds), 1)
            for key in rounds[0][name]
        }
        for name in rounds[0]
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--messages", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--record", action="store_true", help="write what came of it")
    parser.add_argument("--dist", type=Path, default=ROOT / "target/dist")
    parser.add_argument("--bin", type=Path, default=ROOT / "target/release")
    parser.add_argument("--program", type=Path, help="the program [default: that of --dist]")
    arguments = parser.parse_args()
    arguments.dist = arguments.dist.resolve()
    arguments.program = (arguments.program or arguments.dist / "pipeline").resolve()
    with tempfile.TemporaryDirectory() as folder:
        measure = Measure(arguments, Path(folder))
        try:
            rounds = [asyncio.run(measure.round()) for _ in range(arguments.rounds)]
        except NatsError as error:
            print(f"error: {error}", file=sys.stderr)
            return 1
        finally:
            measure.server.stop()
    found = medians(rounds)
    alone = found["TextProcessor, no queue, 1 threads"]["worker_microseconds"]
    worker = found["TextProcessor, 1 workers"]["worker_microseconds"]
    record = {
        "machine": machine(),
        "messages": arguments.messages,
        "rounds": arguments.rounds,
        "found": found,
        "worker_beside_no_queue": round(worker / alone, 2),
    }
    print(json.dumps(record, indent=2))
    if arguments.record:
        date = record["machine"]["date"]
        path = ROOT / f"benches/results/nats-queue-{date}.json"
        path.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
        print(f"recorded in {path.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
