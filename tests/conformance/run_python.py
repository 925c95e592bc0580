#!/usr/bin/env python3
"""Run the cases whose `runs` name `python` through the package, without the component.

    run_python.py [-v] [FILTER ...]

A filter is a part of a file's name or of a case's name. Every case runs in a process of its own,
with its `nodes` as files in a directory on `sys.path`. Exit code 1 if a case gives something else
than it expects.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
# Met by a case that hangs, on however busy a machine.
TIMEOUT = 600
sys.path.insert(0, str(HERE.parent.parent / "python"))

import cases  # noqa: E402
import host_report  # noqa: E402

import remotemedia  # noqa: E402
from remotemedia.runtime.jsonform import (  # noqa: E402
    dumps,
    format_json,
    from_json,
    parse_json,
    to_json,
)

# The compiled core of this checkout, which lies where the build leaves it.
remotemedia.__path__.append(os.environ.get("PIPELINE_CORE") or str(HERE.parents[1] / "target/core"))


def find(filters: list[str]) -> list[tuple[str, dict[str, Any]]]:
    """The cases to run, each with `file: name`."""
    found = [(f"{file}: {case['name']}", case) for file, case in cases.read("python")]
    return [one for one in found if not filters or any(part in one[0] for part in filters)]


def run_here(case: dict[str, Any]) -> dict[str, Any]:
    """Run a case in this process; what came of it, as JSON."""
    inputs = case.get("inputs")
    if inputs is not None:
        inputs = [from_json(item, f"inputs[{at}]") for at, item in enumerate(inputs)]
    try:
        result = remotemedia.run(format_json(case["manifest"]), inputs)
    except remotemedia.PipelineRunError as error:
        return {
            "error": {
                "kind": error.kind,
                "message": "\n".join([error.message, *error.problems]),
                "node_id": error.node_id,
                "item": error.item,
                "traceback": error.traceback,
                "outputs": [to_json(item) for item in error.outputs],
            }
        }
    outputs = [to_json(item) for item in result.outputs]
    return {"outputs": outputs, "execution_order": list(result.graph.execution_order)}


def run_apart(case: dict[str, Any]) -> dict[str, Any]:
    """Run a case in a process of its own."""
    with tempfile.TemporaryDirectory() as directory:
        cases.write_nodes(case.get("nodes", {}), Path(directory))
        try:
            done = subprocess.run(
                [sys.executable, "-W", "ignore", __file__, "--one", directory],
                input=format_json(case),
                capture_output=True,
                encoding="utf-8",
                env={**os.environ, "PYTHONUTF8": "1", "PYTHONDONTWRITEBYTECODE": "1"},
                timeout=TIMEOUT,
            )
        except subprocess.TimeoutExpired:
            return {"crash": f"not done after {TIMEOUT} seconds"}
    last = done.stdout.rstrip("\n").rpartition("\n")[2]
    if done.returncode or not last.startswith("{"):
        return {"crash": done.stderr.strip() or f"exit code {done.returncode}"}
    result: dict[str, Any] = parse_json(last)
    return result


def same(expected: list[Any], found: list[Any]) -> bool:
    """Whether items in JSON form are the same, to the last bit."""
    return [dumps(from_json(v)) for v in expected] == [dumps(from_json(v)) for v in found]


def differences(expect: dict[str, Any], found: dict[str, Any]) -> list[str]:
    """What is not as expected."""
    if "crash" in found:
        return [found["crash"]]
    wrong = []
    wanted = expect.get("error")
    if wanted is None:
        if "error" in found:
            error = found["error"]
            return [f"failed: {error['kind']}: {error['message']}", error["traceback"] or ""]
        if "outputs" in expect and not same(expect["outputs"], found["outputs"]):
            wrong.append(f"outputs {format_json(found['outputs'])}")
            wrong.append(f"    not {format_json(expect['outputs'])}")
        order = expect.get("execution_order")
        if order is not None and order != found["execution_order"]:
            wrong.append(f"order {found['execution_order']}, not {order}")
        return wrong
    if "error" not in found:
        return [f"did not fail, but gave {format_json(found['outputs'])}"]
    error = found["error"]
    for key in ("kind", "node_id", "item"):
        if key in wanted and wanted[key] != error[key]:
            wrong.append(f"{key} {error[key]!r}, not {wanted[key]!r}")
    text = wanted.get("message_contains", "")
    if text not in error["message"]:
        wrong.append(f"no {text!r} in the message")
    if "outputs" in wanted and not same(wanted["outputs"], error["outputs"]):
        wrong.append(f"outputs {format_json(error['outputs'])}")
        wrong.append(f"    not {format_json(wanted['outputs'])}")
    if wrong:
        wrong.append(f"message: {error['message']}")
    return wrong


def report(passed: int, failed: int) -> None:
    """Write what came of all cases."""
    host_report.write(
        "native-python",
        host="none: the package `remotemedia` in a Python of your own",
        version="Python 3.11 and newer",
        component="none",
        passed=passed,
        failed=failed,
        works=["check", "execute", "execute-with-input", "list-nodes", "nodes of your own", "session"],
    )


def main(arguments: list[str]) -> int:
    """Run the cases and report."""
    if arguments[:1] == ["--one"]:
        sys.path.insert(0, arguments[1])
        print("\n" + format_json(run_here(parse_json(sys.stdin.read()))))
        return 0
    verbose = "-v" in arguments
    wanted = find([a for a in arguments if a != "-v"])
    failed = 0
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        results = pool.map(lambda labelled: run_apart(labelled[1]), wanted)
        for (label, case), found in zip(wanted, results, strict=True):
            wrong = differences(case["expect"], found)
            if wrong:
                failed += 1
                print(f"FAILED {label}")
                for line in wrong:
                    print("    " + line.replace("\n", "\n    "))
            elif verbose:
                print(f"passed {label}")
    print(f"{len(wanted) - failed} passed, {failed} failed")
    if len(wanted) == len(find([])):
        report(len(wanted) - failed, failed)
    return 1 if failed or not wanted else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
