#!/usr/bin/env python3
"""Load on `pipeline serve`, beside stock `wasmtime serve` with the same component.

    benches/serve.py [--requests N] [--rounds N] [--wasmtime PROGRAM] [--oha PROGRAM]

Needs `oha` (cargo install oha), and for the comparison stock wasmtime (of the same version by
`cargo install wasmtime-cli`). The servers take turns, round by round, so that a noisy machine is
noisy for both; what is reported is the median of the rounds. Writes
benches/results/http-<date>.json and prints the table of docs/http.md. Exit code 1 if a request
failed.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests/http"))

from server import Server, pipeline_serve, wasmtime_serve  # noqa: E402

# What a request runs, and what comes of it.
WORK = {
    "multiply_add": ("multiply_add.json", [5, 7]),
    "TextProcessor": (
        "text_processor.json",
        [{"text": "Hello WASM", "operations": ["uppercase", "word_count"]}],
    ),
}


def body(example: str, inputs: list[object]) -> str:
    """The body of a request."""
    document = json.loads((ROOT / "examples" / example).read_text(encoding="utf-8"))
    return json.dumps({"manifest": document.get("manifest", document), "inputs": inputs})


class Memory:
    """What a process holds, sampled while it works."""

    def __init__(self, process: int) -> None:
        self.process = process
        self.samples: list[float] = []
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.sample)

    def resident(self) -> float:
        """Resident memory in MiB."""
        text = Path(f"/proc/{self.process}/status").read_text(encoding="utf-8")
        fields = dict(line.split(":", 1) for line in text.splitlines())
        return int(fields["VmRSS"].split()[0]) / 1024

    def sample(self) -> None:
        while not self.over.wait(0.25):
            self.samples.append(self.resident())

    def __enter__(self) -> Memory:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self.thread.join()
        self.samples.append(self.resident())


def load(oha: str, server: Server, file: str, requests: int, clients: int) -> dict[str, object]:
    """Sends requests, and says what came of them."""
    command = [
        *(oha, "--no-tui", "--output-format", "json", "-n", str(requests), "-c", str(clients)),
        *("-m", "POST", "-T", "application/json", "-D", file),
        f"http://127.0.0.1:{server.port}/v1/execute",
    ]
    done = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    good = done["statusCodeDistribution"].get("200", 0)
    return {
        "requests": requests,
        "failed": requests - good,
        "statuses": done["statusCodeDistribution"],
        "errors": done["errorDistribution"],
        "requests_a_second": done["summary"]["requestsPerSec"],
        "p50_ms": done["latencyPercentiles"]["p50"] * 1000,
        "p99_ms": done["latencyPercentiles"]["p99"] * 1000,
    }


def measure(arguments: argparse.Namespace, name: str) -> dict[str, dict[str, object]]:
    """One kind of work, on all servers."""
    results = {}
    with contextlib.ExitStack() as stack:
        file = stack.enter_context(tempfile.NamedTemporaryFile("w", suffix=".json"))
        file.write(body(*WORK[name]))
        file.flush()
        servers = {"pipeline serve": stack.enter_context(pipeline_serve())}
        if arguments.wasmtime:
            stock = stack.enter_context(wasmtime_serve(arguments.wasmtime))
            servers["wasmtime serve"] = stock
        rounds = {server: [] for server in servers}
        memory = {server: [] for server in servers}
        share = arguments.requests // arguments.rounds
        for server in servers.values():
            load(arguments.oha, server, file.name, max(share // 10, 100), arguments.clients)
        for number in range(arguments.rounds):
            for label, server in servers.items():
                with Memory(server.process.pid) as sampled:
                    found = load(arguments.oha, server, file.name, share, arguments.clients)
                rounds[label].append(found)
                memory[label].append(sampled.samples)
                print(
                    f"{name}, {label}, round {number + 1}: "
                    f"{found['requests_a_second']:.0f} a second, p99 {found['p99_ms']:.1f} ms, "
                    f"{found['failed']} failed",
                    file=sys.stderr,
                )
        for label, found in rounds.items():
            results[label] = {
                "requests": sum(it["requests"] for it in found),
                "failed": sum(it["failed"] for it in found),
                **{
                    key: round(statistics.median(it[key] for it in found), 2)
                    for key in ("requests_a_second", "p50_ms", "p99_ms")
                },
                "memory_mib_by_round": [round(statistics.median(it), 1) for it in memory[label]],
                "memory_mib_most": round(max(max(it) for it in memory[label]), 1),
                "rounds": found,
            }
    return results


def table(work: dict[str, dict[str, dict[str, object]]]) -> str:
    """The results, for the documentation."""
    lines = [
        "| pipeline | server | requests a second | p50 | p99 | failed | memory, first and last |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, servers in work.items():
        for label, found in servers.items():
            memory = found["memory_mib_by_round"]
            lines.append(
                f"| {name} | `{label}` | {found['requests_a_second']:.0f} "
                f"| {found['p50_ms']:.1f} ms | {found['p99_ms']:.1f} ms "
                f"| {found['failed']} of {found['requests']:,} "
                f"| {memory[0]:.0f} MiB, {memory[-1]:.0f} MiB |"
            )
    return "\n".join(lines)


def main() -> int:
    """Measures all work, and writes it down."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--requests", type=int, default=100_000, help="for each kind of work")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--wasmtime", help="stock wasmtime, to compare with")
    parser.add_argument("--oha", default="oha")
    arguments = parser.parse_args()
    work = {name: measure(arguments, name) for name in WORK}
    date = datetime.date.today().isoformat()
    result = {
        "date": date,
        "machine": {
            "processors": os.cpu_count(),
            "architecture": platform.machine(),
        },
        "clients": arguments.clients,
        "rounds": arguments.rounds,
        "work": work,
    }
    path = ROOT / f"benches/results/http-{date}.json"
    path.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(table(work))
    return int(any(it["failed"] for servers in work.values() for it in servers.values()))


if __name__ == "__main__":
    raise SystemExit(main())
