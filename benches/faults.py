"""What the proofs by faults have in common: rows, what they should give, and where it ran."""

from __future__ import annotations

import datetime
import json
import os
import platform
import shutil
import subprocess
from collections import defaultdict
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
# What messages run.
MANIFEST = {
    "version": "v1",
    "nodes": [{"id": "fan", "node_type": "fault_nodes:Fan"}],
}


def item(number: int) -> bytes:
    """The item of a number, as JSON."""
    return json.dumps({"number": number, "text": f"message {number}"}).encode()


def prepare(folder: Path, program: Path, dist: Path) -> dict[str, str]:
    """Puts the manifest and its nodes into a folder, compiled; the environment of the program."""
    (folder / "nodes").mkdir()
    shutil.copy(ROOT / "benches/programs/fault_nodes.py", folder / "nodes")
    (folder / "m.json").write_text(json.dumps(MANIFEST), encoding="utf-8")
    environment = {**os.environ, "PIPELINE_DIST": str(dist)}
    # A run of source would mostly be compiling it.
    subprocess.run([program, "compile", str(folder / "nodes")], env=environment, check=True)
    return environment


def expected(
    folder: Path, program: Path, environment: dict[str, str], count: int
) -> dict[int, list[bytes]]:
    """What one `pipeline run` gives for all numbers that don't fail, by the number."""
    lines = folder / "items.ndjson"
    with lines.open("wb") as file:
        for number in range(1, count + 1):
            if number % 97:
                file.write(item(number) + b"\n")
    with lines.open("rb") as file:
        run = subprocess.run(
            [program, "run", str(folder / "m.json"), "--stream", "--nodes", str(folder / "nodes")],
            stdin=file,
            env=environment,
            capture_output=True,
            check=True,
        )
    found: dict[int, list[bytes]] = defaultdict(list)
    for line in run.stdout.splitlines():
        found[json.loads(line)["number"]].append(line)
    return found


def machine() -> dict[str, Any]:
    """Where it was measured."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True
    )
    return {
        "date": datetime.date.today().isoformat(),
        "commit": commit.stdout.strip(),
        "kernel": platform.release(),
        "cores": os.cpu_count(),
        "load": [round(load, 1) for load in os.getloadavg()],
    }
