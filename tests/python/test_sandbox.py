"""`remotemedia.sandbox` as it is installed: all that it takes is in the wheel."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
import threading
from array import array
from importlib.metadata import version
from pathlib import Path

import pytest
import remotemedia
from remotemedia import PipelineRunError, media
from remotemedia.sandbox import Interrupted, LimitError, Sandbox, to_node

CASES_DIRECTORY = Path(os.environ["PIPELINE_CASES"])
sys.path.append(str(CASES_DIRECTORY))
pytest.register_assert_rewrite("cases")
import cases  # noqa: E402
import host_report  # noqa: E402

CASES = [(f"{file}/{case['name']}", case) for file, case in cases.read("component")]


def node(node_type: str, id: str = "n", **params: object) -> dict:
    return {"id": id, "node_type": node_type, "params": params}


def manifest(*nodes: dict, connections: tuple[str, ...] = ()) -> dict:
    edges = [dict(zip(("from", "to"), edge.split(">"), strict=True)) for edge in connections]
    return {"version": "v1", "nodes": list(nodes), "connections": edges}


@pytest.fixture(scope="module")
def sandbox() -> Sandbox:
    return Sandbox(timeout=600)


@pytest.fixture
def own(tmp_path: Path):
    """A sandbox that sees a module `own`."""

    def make(code: str, **options: object) -> Sandbox:
        (tmp_path / "own.py").write_text(code)
        return Sandbox(nodes=[tmp_path], **options)

    return make


OWN = manifest(node("own:Own"))


@pytest.fixture(scope="module")
def passed(sandbox: Sandbox):
    """The cases that passed; a report is written once all have run."""
    names: list[str] = []
    ran: list[str] = []
    yield ran, names
    if len(ran) == len(CASES):
        works = ["check", "execute", "execute-with-input", "list-nodes", "load", "session"]
        host_report.write(
            "python",
            host="Python, as `remotemedia.sandbox`",
            version=f"remotemedia {version('remotemedia')}, Python 3.11 and newer",
            component="pipeline.wasm",
            passed=len(names),
            failed=len(ran) - len(names),
            works=[*works, "nodes of your own", "limits"],
            missing={},
        )


@pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in CASES])
def test_conformance(sandbox: Sandbox, passed: tuple, case: dict, tmp_path: Path) -> None:
    ran, good = passed
    ran.append(case["name"])
    if "nodes" in case:
        cases.write_nodes(case["nodes"], tmp_path)
        sandbox = Sandbox(nodes=[tmp_path], timeout=600)
    cases.compare(case, sandbox.run)
    good.append(case["name"])


def test_what_is_installed_is_what_runs() -> None:
    package = Path(remotemedia.__file__).parent
    assert "site-packages" in package.parts
    assert Sandbox().dist == package / "_dist"
    with pytest.raises(FileNotFoundError, match="is not there"):
        Sandbox(nodes=["/nowhere/at/all"])
    with pytest.raises(ValueError, match="there is no limit max_memry"):
        Sandbox(max_memry=1).list_nodes()


def test_outputs_by_node_and_inputs_for_one_source(sandbox: Sandbox) -> None:
    two = manifest(node("PassThrough", "left"), node("PassThrough", "right"))
    result = sandbox.run(two, [1, to_node("right", 2)])
    assert result.outputs_by_node == {"left": [1], "right": [1, 2]}
    assert result.outputs == [1, 1, 2]
    assert [it["items_in"] for it in result.metrics] == [1, 2]
    with pytest.raises(PipelineRunError, match="is not in the manifest"):
        sandbox.run(two, [to_node("middle", 1)])


def test_manifests_are_checked(sandbox: Sandbox) -> None:
    checked = sandbox.check(manifest(node("PassThrough", "a")))
    assert checked.ok and checked.graph.execution_order == ["a"]
    text = json.dumps(manifest(node("PassTrough")), indent=1)
    checked = sandbox.check(text)
    assert not checked.ok
    assert checked.diagnostics[0]["code"] == "unknown-node-type"
    assert checked.diagnostics[0]["line"] == 6
    with pytest.raises(PipelineRunError) as caught:
        sandbox.run(text)
    assert caught.value.kind == "invalid-manifest"
    assert "did you mean `PassThrough`?" in caught.value.problems[0]
    assert any(it["node_type"] == "PassThrough" for it in sandbox.list_nodes())


def test_an_error_names_the_users_own_file(own, tmp_path: Path) -> None:
    sandbox = own("class Own:\n    def process(self, x):\n        return 1 // x\n")
    with pytest.raises(PipelineRunError) as caught:
        sandbox.run(OWN, [2, 0])
    error = caught.value
    assert (error.kind, error.node_id, error.item, error.outputs) == ("node-failed", "n", 1, [0])
    assert f'File "{tmp_path}/own.py", line 3, in process' in error.traceback


def test_media_keep_their_samples_and_take_any_buffer(sandbox: Sandbox) -> None:
    samples = array("f", [0.0, 0.5, -0.5, 1.0])
    audio = media.Audio(samples, 8000, 2, metadata={"who": [1, 2.5, None]})
    tensor = media.Tensor(memoryview(bytes(range(8))), (2, 2), "u16")
    binary = media.Binary(bytearray(b"abc"), "x/y")
    found = sandbox.run(manifest(node("PassThrough")), [audio, tensor, binary]).outputs
    assert found[0].view.tolist() == samples.tolist()
    assert (found[0].sample_rate, found[0].channels) == (8000, 2)
    assert found[0].metadata == audio.metadata
    assert (found[1].shape, found[1].dtype) == ((2, 2), "u16")
    assert found[1] == tensor and found[2] == binary
    large = media.Binary(bytes(10_000_000))
    assert sandbox.run(manifest(node("PassThrough")), [large]).outputs == [large]


def test_values_that_have_no_form_are_named(sandbox: Sandbox) -> None:
    run = lambda *items: sandbox.run(manifest(node("PassThrough")), items)  # noqa: E731
    for item, message in [
        ({"a": [1, {2, 3}]}, r"inputs\[0\]\.a\[1\]: set has no plain form"),
        (["x", object()], r"inputs\[0\]\[1\]: object has no plain form"),
        ("\ud800", r"inputs\[0\]: half of a surrogate pair"),
        (10**5000, r"inputs\[0\]: an integer has at most 4300 digits"),
    ]:
        with pytest.raises(TypeError, match=message):
            run(item)
    loop: list = []
    loop.append(loop)
    with pytest.raises(TypeError, match="nested more than 128 deep"):
        run(loop)
    assert run(10**4000, -(2**63), True, (1, (2,)), {1: "a"}, b"\0").outputs == [
        10**4000,
        -(2**63),
        True,
        (1, (2,)),
        {1: "a"},
        b"\0",
    ]


def test_limits_are_named(own) -> None:
    sandbox = own(
        "class Own:\n    def process(self, x):\n        while x == 'loop': pass\n"
        "        return bytearray(x)\n"
    )
    with pytest.raises(LimitError, match="took longer than its limit of 0.2 s") as caught:
        sandbox.run(OWN, ["loop"], timeout=0.2)
    assert caught.value.limit == "timeout"
    with pytest.raises((LimitError, PipelineRunError), match="Memory"):
        sandbox.run(OWN, [500 << 20], max_memory=256)
    with pytest.raises(LimitError) as caught:
        sandbox.run(OWN, [1, 1, 1], max_items=2)
    assert caught.value.limit == "max-items"
    assert sandbox.run(OWN, [1], timeout=None, max_memory=None).outputs == [b"\0"]


def test_prints_go_where_they_are_wanted(own, caplog: pytest.LogCaptureFixture) -> None:
    code = "class Own:\n    def process(self, x):\n        print('line', x)\n        print('é')\n"
    given: list[bytes] = []
    own(code, prints=given.append).run(OWN, [1])
    assert b"".join(given).decode() == "line 1\né\n"
    with caplog.at_level(logging.INFO, "nodes"):
        own(code, prints=logging.getLogger("nodes")).run(OWN, [2])
    assert caplog.messages == ["line 2", "é"]


def test_a_session_gives_outputs_as_they_are_known(own) -> None:
    sandbox = own(
        "class Own:\n    def __init__(self):\n        self.seen = 0\n"
        "    def process(self, n):\n        self.seen += 1\n        yield from range(n)\n"
        "    def flush(self):\n        return {'seen': self.seen}\n"
    )
    with sandbox.session(OWN) as session:
        outputs = session.feed(10**12)
        assert [next(outputs) for _ in range(200)] == list(range(200))
    with sandbox.session(OWN) as session:
        assert session.push(3) == [0, 1, 2]
        assert session.pull() is None
        assert session.push(0) == []
        result = session.finish()
        assert result.outputs_by_node == {"n": [{"seen": 2}]}
        with pytest.raises(RuntimeError, match="the session is closed"):
            session.push(1)
    assert list(sandbox.session(OWN).stream([2, 1])) == [0, 1, 0, {"seen": 2}]

    async def main() -> list:
        return [item async for item in sandbox.session(OWN).astream([2])]

    assert asyncio.run(main()) == [0, 1, {"seen": 1}]


def test_a_node_that_fails_ends_its_session(own) -> None:
    sandbox = own("class Own:\n    def process(self, n):\n        return 1 // n\n")
    session = sandbox.session(OWN)
    with pytest.raises(PipelineRunError, match="ZeroDivisionError"):
        session.push(0)
    with pytest.raises(PipelineRunError, match="the session is closed"):
        session.push(1)
    session.close()
    with pytest.raises(PipelineRunError):
        sandbox.session(manifest(node("own:Other")))


BUSY = """class Own:
    def process(self, x):
        print('busy', flush=True)
        while x: pass
"""


def test_a_cancelled_task_stops_its_run(own) -> None:
    async def main() -> None:
        begun = asyncio.Event()
        loop = asyncio.get_running_loop()
        sandbox = own(BUSY, prints=lambda _: loop.call_soon_threadsafe(begun.set))
        task = asyncio.create_task(sandbox.run_async(OWN, [1], timeout=None))
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (await sandbox.run_async(OWN, [0])).outputs == []

    asyncio.run(main())


def test_another_thread_stops_a_session(own) -> None:
    begun = threading.Event()
    sandbox = own(BUSY, prints=lambda _: begun.set(), timeout=None)
    session = sandbox.session(OWN)

    def stop() -> None:
        begun.wait()
        session.stop()

    thread = threading.Thread(target=stop)
    thread.start()
    with pytest.raises(Interrupted):
        session.push(1)
    thread.join()
    # There is nothing left to clean up.
    session.close()


def test_a_session_that_met_a_limit_closes(own) -> None:
    sandbox = own(BUSY, prints=lambda _: None, timeout=5)
    with sandbox.session(OWN) as session, pytest.raises(LimitError, match="5 s"):
        session.push(1)
    with pytest.raises(RuntimeError, match="the session is closed"):
        session.push(1)


def test_threads_share_a_sandbox(sandbox: Sandbox) -> None:
    wrong: list[object] = []

    def work(base: int) -> None:
        for n in range(20):
            found = sandbox.run(manifest(node("AddNode", addend=base)), [n]).outputs
            if found != [n + base]:
                wrong.append(found)

    threads = [threading.Thread(target=work, args=(1000 * it,)) for it in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_manifest_is_read_anew_where_what_it_names_has_changed(own, tmp_path: Path):
    class_of = (
        "class Own:\n    def __init__(self, {}=1): pass\n    def process(self, x): return {}\n"
    )
    sandbox = own(class_of.format("a", "x"))
    with_param = manifest(node("own:Own", a=2))
    for expected, code in (
        ([5], class_of.format("a", "x")),
        ([6], class_of.format("a", "x + 1")),
        (None, class_of.format("b", "x")),
        ([5], class_of.format("a", "x")),
    ):
        (tmp_path / "own.py").write_text(code)
        if expected is not None:
            assert sandbox.run(with_param, [5]).outputs == expected
            continue
        with pytest.raises(PipelineRunError, match="unknown param `a`") as caught:
            sandbox.run(json.dumps(with_param), [5])
        assert caught.value.kind == "invalid-manifest"
        assert caught.value.diagnostics[0]["path"] == "nodes[0].params.a"
        assert caught.value.diagnostics[0]["line"] == 1


def test_a_manifest_that_is_a_dict_has_no_lines(sandbox: Sandbox):
    wrong = manifest(node("Ecko"))
    assert [it["line"] for it in sandbox.check(wrong).diagnostics] == [None]
    assert [it["line"] for it in sandbox.check(json.dumps(wrong)).diagnostics] == [1]
    with pytest.raises(PipelineRunError) as caught:
        sandbox.run(wrong, [1])
    assert "line" not in str(caught.value)


def test_the_same_pipeline_without_a_sandbox(sandbox: Sandbox):
    graph = manifest(
        node("MultiplyNode", "double", factor=2),
        node("AddNode", "add", addend=10),
        connections=("double>add",),
    )
    natively, in_sandbox = remotemedia.run(graph, [5]), sandbox.run(graph, [5])
    assert natively.outputs == in_sandbox.outputs == [20]
    assert natively.graph.to_dict() == in_sandbox.graph.to_dict()
    assert [it["items_in"] for it in natively.metrics] == [1, 1]


def test_audio_that_comes_out_can_be_written_to(sandbox: Sandbox):
    given = media.Audio(array("f", [0.25, 0.5]), 8000, 1)
    (audio,) = sandbox.run(manifest(node("PassThrough")), [given]).outputs
    audio.samples[0] = 1.0
    assert list(audio.samples) == [1.0, 0.5] and list(given.samples) == [0.25, 0.5]


def test_a_baked_component_runs_its_own_pipeline() -> None:
    sandbox = Sandbox(baked=os.environ["PIPELINE_BAKED"])
    assert sandbox.run(inputs=["so far so good"]).outputs == [{"so": 2, "far": 1}]
    assert sandbox.check().ok
    with sandbox.session() as session:
        assert list(session.stream(["so so"])) == [{"so": 1, "so!": 1}]
    with pytest.raises(PipelineRunError, match="runs no other"):
        sandbox.run(manifest(node("Echo")), [1])
    with pytest.raises(FileNotFoundError):
        Sandbox(baked="/nowhere/at/all.wasm")
