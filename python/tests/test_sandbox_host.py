"""The component on wasmtime-py: the conformance cases, limits, and what a user sees."""

from __future__ import annotations

import os
import sys
import threading
import time
from importlib.metadata import version
from pathlib import Path

import pytest

pytest.importorskip("wasmtime")
if not os.environ.get("PIPELINE_DIST"):
    pytest.skip("PIPELINE_DIST names no build", allow_module_level=True)

from remotemedia import PipelineRunError
from remotemedia.sandbox import LimitError
from remotemedia.sandbox.wasmtime_py import Sandbox

sys.path.append(str(Path(__file__).resolve().parents[2] / "tests" / "conformance"))
pytest.register_assert_rewrite("cases")
import cases  # noqa: E402
import host_report  # noqa: E402

CASES = [(f"{file}/{case['name']}", case) for file, case in cases.read("component")]


@pytest.fixture(scope="module")
def sandbox() -> Sandbox:
    return Sandbox(timeout=600)


@pytest.fixture(scope="module")
def passed(sandbox: Sandbox):
    """The cases that passed; a report is written once all have run."""
    names: list[str] = []
    ran: list[str] = []
    yield ran, names
    if len(ran) == len(CASES):
        assert sandbox.list_nodes()
        works = ["execute", "execute-with-input", "list-nodes", "nodes of your own", "limits"]
        host_report.write(
            "wasmtime-py",
            host="wasmtime-py, as `remotemedia.sandbox.wasmtime_py`",
            version=f"wasmtime-py {version('wasmtime').split('.')[0]}, Python 3.11 and newer",
            component="pipeline.wasm",
            passed=len(names),
            failed=len(ran) - len(names),
            works=works,
            missing={"session": "`remotemedia.sandbox.wasmtime_py` runs whole pipelines"},
        )


@pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in CASES])
def test_conformance(
    sandbox: Sandbox, passed: tuple[list, list], case: dict, tmp_path: Path
) -> None:
    ran, good = passed
    ran.append(case["name"])
    cases.write_nodes(case.get("nodes", {}), tmp_path)
    sandbox.nodes = [tmp_path] if "nodes" in case else []
    cases.compare(case, sandbox.run)
    good.append(case["name"])


def node(directory: Path, body: str) -> dict:
    (directory / "own.py").write_text(f"class Own:\n    def process(self, item):\n        {body}\n")
    return {"version": "v1", "nodes": [{"id": "own", "node_type": "own:Own"}]}


def test_time_is_bounded(tmp_path: Path) -> None:
    manifest = node(tmp_path, "while True: pass")
    with pytest.raises(LimitError, match="longer than its limit of 0.5 s"):
        Sandbox(nodes=[tmp_path], timeout=0.5).run(manifest, [1])


def test_the_end_of_one_run_is_not_that_of_another(tmp_path: Path) -> None:
    body = "import time; t = time.monotonic()\n        while time.monotonic() < t + 1: pass"
    manifest = node(tmp_path, body + "\n        return item")
    sandbox = Sandbox(nodes=[tmp_path], timeout=600)
    results = []
    thread = threading.Thread(target=lambda: results.extend(sandbox.run(manifest, [1]).outputs))
    thread.start()
    while thread.is_alive():
        # As the deadline of another run would.
        sandbox._engine.increment_epoch()
        time.sleep(0.01)
    assert results == [1]


def test_items_are_bounded(tmp_path: Path) -> None:
    manifest = node(tmp_path, "yield from range(item)")
    sandbox = Sandbox(nodes=[tmp_path], max_items=2)
    assert sandbox.run(manifest, [1, 1]).outputs == [0, 0]
    for items in ([1, 0, 0], [3]):
        with pytest.raises(LimitError, match="more items than the limit of 2"):
            sandbox.run(manifest, items)


def test_memory_is_bounded(tmp_path: Path) -> None:
    manifest = node(tmp_path, "return len(bytearray(500_000_000))")
    with pytest.raises((LimitError, PipelineRunError)) as caught:
        Sandbox(nodes=[tmp_path], max_memory=128).run(manifest, [1])
    assert "Memory" in str(caught.value) or "memory" in str(caught.value)


def test_nothing_is_kept_between_runs(tmp_path: Path) -> None:
    manifest = node(tmp_path, "import sys; sys.seen = getattr(sys, 'seen', 0) + 1; return sys.seen")
    sandbox = Sandbox(nodes=[tmp_path])
    assert [sandbox.run(manifest, [1]).outputs for _ in range(3)] == [[1]] * 3


def test_directories_are_read_only(tmp_path: Path) -> None:
    manifest = node(tmp_path, "open(__file__ + 'x', 'w')")
    with pytest.raises(PipelineRunError, match="PermissionError"):
        Sandbox(nodes=[tmp_path]).run(manifest, [1])


def test_a_traceback_names_the_users_own_file(tmp_path: Path) -> None:
    manifest = node(tmp_path, "return 1 // 0")
    with pytest.raises(PipelineRunError) as caught:
        Sandbox(nodes=[tmp_path]).run(manifest, [1])
    assert f'File "{tmp_path / "own.py"}", line 3' in (caught.value.traceback or "")


def test_a_missing_build_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="pipeline.wasm is not there"):
        Sandbox(tmp_path)
