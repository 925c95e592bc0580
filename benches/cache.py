"""What `pipeline run --cache` saves: a pipeline with one slow node, timed as whole processes.

Run it with the build in `target/dist`: `python3 benches/cache.py [--record FILE]`. Each round
times all ways one after the other, so that what else the machine does falls on all of them.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = 9

NODES = """
class Slow:
    def process(self, most):
        sieve = bytearray([1]) * most
        for n in range(2, most):
            if sieve[n]:
                for at in range(n * n, most, n):
                    sieve[at] = 0
        return sum(sieve) - 2

class Says:
    def __init__(self, before):
        self.before = before

    def process(self, count):
        return f"{self.before} {count}"
"""


def manifest(before: str) -> str:
    """Two nodes: the slow one, and one that is quick and changes."""
    nodes = [
        {"id": "slow", "node_type": "own:Slow"},
        {"id": "says", "node_type": "own:Says", "params": {"before": before}},
    ]
    connections = [{"from": "slow", "to": "says"}]
    return json.dumps({"version": "v1", "nodes": nodes, "connections": connections})


def main() -> None:
    """Measure, and print medians and what they are of the run without a cache."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dist", type=Path, default=ROOT / "target/dist")
    parser.add_argument("--record", type=Path, help="write what is printed to this file, too")
    options = parser.parse_args()
    times: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as place:
        work = Path(place)
        (work / "nodes").mkdir()
        (work / "nodes/own.py").write_text(NODES)

        def run(way: str, before: str, *more: str) -> None:
            (work / "m.json").write_text(manifest(before))
            command = [options.dist / "pipeline", "run", "m.json", "--nodes", "nodes"]
            begun = time.perf_counter()
            done = subprocess.run(
                [*command, "--input", "1000000", *more], cwd=work, capture_output=True, check=True
            )
            times.setdefault(way, []).append(time.perf_counter() - begun)
            assert json.loads(done.stdout)["outputs"] == [f"{before} 78498"]

        run("warm up", "there are")
        for round in range(ROUNDS):
            run("without a cache", "there are")
            run("with one that is empty", "there are", "--cache", f"c{round}")
            run("the node after the slow one changed", f"{round}:", "--cache", f"c{round}")
            run("nothing changed", f"{round}:", "--cache", f"c{round}")
    del times["warm up"]
    base = statistics.median(times["without a cache"])
    lines = []
    for way, all_times in times.items():
        median = statistics.median(all_times)
        spread = f"{min(all_times) * 1e3:.0f} to {max(all_times) * 1e3:.0f}"
        lines.append(
            f"{way:38} {median * 1e3:6.0f} ms ({spread}), {median / base:.3f} of the first"
        )
    text = "\n".join(lines) + "\n"
    print(text, end="")
    if options.record:
        options.record.write_text(text)


if __name__ == "__main__":
    main()
