#!/usr/bin/env python3
"""Run the programs on this interpreter and print what they give, one line of JSON a program.

    run_native.py [FILTER ...]            {"program": ..., "output": ...} or {"program", "error"}
    run_native.py --cases [FILTER ...]    {"program": ..., "input": ...}, nothing is run
    run_native.py --check [FILTER ...]    compare the differs_* programs to differences.json

A filter is a part of a program's name, or a directory of programs to run in place of ours.
Values are in the package's JSON form. Every program runs in a process of its own.
"""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
PACKAGE = HERE.parent.parent / "python"
DIFFERENCES = HERE / "differences.json"
# Met by a program that hangs, on however busy a machine.
TIMEOUT = 600
sys.path.insert(0, str(PACKAGE))


def find(arguments: list[str]) -> list[Path]:
    """The programs that the arguments ask for, by name."""
    directories = [Path(a) for a in arguments if Path(a).is_dir()] or [HERE / "programs"]
    filters = [a for a in arguments if not Path(a).is_dir()]
    files = [path for directory in directories for path in directory.glob("*.py")]
    if filters:
        files = [path for path in files if any(part in path.stem for part in filters)]
    return sorted(files, key=lambda path: path.stem)


def read_input(path: Path) -> object:
    """The literal that is assigned to INPUT; the program is not imported."""
    for statement in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "INPUT":
            return ast.literal_eval(statement.value)
    raise SystemExit(f"{path.name} has no INPUT")


def run_one(path: Path) -> str:
    """Run one program, as a pipeline of one node, in this process."""
    import remotemedia
    from remotemedia.runtime.jsonform import format_json, to_json

    # The compiled core of this checkout, which lies where the build leaves it.
    core = os.environ.get("PIPELINE_CORE") or str(HERE.parents[1] / "target/core")
    remotemedia.__path__.append(core)
    sys.path.insert(0, str(path.parent))
    manifest = {"version": "v1", "nodes": [{"id": "program", "node_type": f"{path.stem}:Program"}]}
    try:
        outputs = remotemedia.run(manifest, [read_input(path)]).outputs
    except remotemedia.PipelineRunError as error:
        return format_json({"program": path.stem, "error": error.traceback or str(error)})
    if len(outputs) != 1:
        return format_json({"program": path.stem, "error": f"{len(outputs)} outputs, not one"})
    return format_json({"program": path.stem, "output": to_json(outputs[0], "output")})


def run_apart(path: Path) -> str:
    """Run one program in a process of its own."""
    try:
        done = subprocess.run(
            [sys.executable, "-W", "ignore", __file__, "--one", str(path)],
            capture_output=True,
            text=True,
            encoding="utf-8",
            env={**os.environ, "PYTHONHASHSEED": "0", "PYTHONUTF8": "1", "TZ": "UTC0"},
            timeout=TIMEOUT,
        )
    except subprocess.TimeoutExpired:
        return json.dumps({"program": path.stem, "error": f"not done after {TIMEOUT} seconds"})
    last = done.stdout.rstrip("\n").rpartition("\n")[2]
    if done.returncode or not last.startswith("{"):
        failure = done.stderr.strip() or f"exit code {done.returncode}"
        return json.dumps({"program": path.stem, "error": failure})
    return last


def check(lines: list[str]) -> int:
    """Compare what the programs that differ on purpose give here to what is written down."""
    expected = json.loads(DIFFERENCES.read_text(encoding="utf-8"))
    wrong = 0
    for line in lines:
        result = json.loads(line)
        program = result["program"]
        if "error" in result:
            print(f"{program}: {result['error']}")
            wrong += 1
        elif program in expected and result["output"] != expected[program]["native"]:
            print(f"{program}: gives {result['output']}, not {expected[program]['native']}")
            wrong += 1
        elif program.startswith("differs_") and program not in expected:
            print(f"{program}: not in {DIFFERENCES.name}")
            wrong += 1
    print(f"{len(lines) - wrong} as expected, {wrong} not")
    return 1 if wrong else 0


def main(arguments: list[str]) -> int:
    """Do what the arguments say."""
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    if arguments[:1] == ["--one"]:
        print(run_one(Path(arguments[1])))
        return 0
    options = {a for a in arguments if a.startswith("--")}
    if options - {"--cases", "--check"}:
        print(__doc__, file=sys.stderr)
        return 2
    programs = find([a for a in arguments if a not in options])
    if "--cases" in options:
        from remotemedia.runtime.jsonform import format_json, to_json

        for path in programs:
            form = to_json(read_input(path), f"{path.stem}.INPUT")
            print(format_json({"program": path.stem, "input": form}))
        return 0
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        lines = pool.map(run_apart, programs)
        if "--check" in options:
            return check(list(lines))
        for line in lines:
            print(line, flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
