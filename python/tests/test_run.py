from __future__ import annotations

import json

import pytest

import remotemedia
from remotemedia import PipelineRunError, run
from remotemedia.runtime.execute import check

LOG: list[str] = []


class Log:
    """Note every call; `fail` names the calls that raise."""

    def __init__(self, node_id, fail=(), double=False, last=False):
        self.id, self.fail, self.double, self.last = node_id, fail, double, last

    def _note(self, what):
        LOG.append(f"{self.id}.{what}")
        if what in self.fail:
            raise ValueError(f"{what} failed")

    def initialize(self):
        self._note("initialize")

    def process(self, data):
        self._note(f"process {data}")
        if self.double:
            return (f"{data}{end}" for end in "ab")
        return data

    def flush(self):
        self._note("flush")
        return f"{self.id} end" if self.last else None

    async def cleanup(self):
        self._note("cleanup")


class Source:
    def process(self):
        yield 1
        yield 2


class Sets:
    def process(self, data):
        return {"results": {"x": {data}}} if data else data


class Sorted:
    def process(self, data):
        return sorted(data["results"]["x"])


class Grow:
    def process(self, data):
        data.append(len(data))
        return data


HERE = __name__


def manifest(nodes, *connections, **extra):
    """`{"a": "Log"}` or `{"a": ("Log", {...})}`, and "a b" for a connection."""
    entries = []
    for id, given in nodes.items():
        kind, params = given if isinstance(given, tuple) else (given, {})
        own = kind in ("Log", "Source", "Sets", "Sorted", "Grow")
        entries.append({"id": id, "node_type": f"{HERE}:{kind}" if own else kind, "params": params})
    return {
        "version": "v1",
        "nodes": entries,
        "connections": [dict(zip(("from", "to"), c.split(), strict=True)) for c in connections],
        **extra,
    }


@pytest.fixture(autouse=True)
def _fresh_log(monkeypatch):
    LOG.clear()
    import sys

    # The module under its own name, however pytest imported it.
    monkeypatch.setitem(sys.modules, HERE, sys.modules[__name__])


def failure(*args):
    with pytest.raises(PipelineRunError) as caught:
        run(*args)
    return caught.value


def test_chain():
    result = run(
        manifest(
            {"m": ("MultiplyNode", {"multiplier": 2.0}), "a": ("AddNode", {"addend": 10})}, "m a"
        ),
        [5, 2**64],
    )
    assert result.outputs == [20, 2**65 + 10]
    assert type(result.outputs[0]) is int
    assert result.graph.to_dict() == {
        "node_count": 2,
        "sink_count": 1,
        "source_count": 1,
        "execution_order": ["m", "a"],
    }


def test_forms_of_a_manifest(tmp_path):
    plain = manifest({"p": "PassThrough"})
    wrapped = {"manifest": plain, "input_data": [{"$tuple": [1]}]}
    assert run(json.dumps(plain), [1]).outputs == [1]
    assert run(json.dumps(wrapped)).outputs == [(1,)]
    assert run({"manifest": plain, "input_data": [1]}).outputs == [1]
    assert run(wrapped, [7]).outputs == [7]
    path = tmp_path / "m.json"
    path.write_text(json.dumps(wrapped))
    assert run(path).outputs == [(1,)]
    assert run(str(path)).outputs == [(1,)]
    camel = {
        "version": "v1",
        "nodes": [{"id": "p", "nodeType": "StatefulCounter", "isStreaming": True}],
    }
    assert run(camel, [1]).outputs == [(0,)]


def test_depth_first():
    run(manifest({"a": ("Log", {"double": True}), "b": "Log"}, "a b"), ["x", "y"])
    assert LOG == [
        "a.initialize",
        "b.initialize",
        "a.process x",
        "b.process xa",
        "b.process xb",
        "a.process y",
        "b.process ya",
        "b.process yb",
        "a.flush",
        "b.flush",
        "b.cleanup",
        "a.cleanup",
    ]


def test_merge_concatenates_in_connection_order():
    graph = {
        "s": "Log",
        "l": ("Log", {"last": True}),
        "r": ("Log", {"last": True}),
        "m": "Log",
    }
    left_first = run(manifest(graph, "s l", "s r", "l m", "r m"), [1, 2])
    assert left_first.outputs == [1, 2, "l end", 1, 2, "r end"]
    right_first = run(manifest(graph, "s l", "s r", "r m", "l m"), [1, 2])
    assert right_first.outputs == [1, 2, "r end", 1, 2, "l end"]


def test_merge_lets_the_first_connection_flow():
    run(
        manifest({"s": "Log", "l": "Log", "r": "Log", "m": "Log"}, "s l", "s r", "l m", "r m"),
        [1, 2],
    )
    work = [entry for entry in LOG if "process" in entry]
    assert work == [
        "s.process 1",
        "l.process 1",
        "m.process 1",
        "r.process 1",
        "s.process 2",
        "l.process 2",
        "m.process 2",
        "r.process 2",
        "m.process 1",
        "m.process 2",
    ]


def test_fan_out_gives_copies():
    item = [0]
    result = run(manifest({"s": "PassThrough", "a": "Grow", "b": "Grow"}, "s a", "s b"), [item])
    assert result.outputs == [[0, 1], [0, 1]]
    assert item == [0]


def test_sinks_in_the_order_of_the_manifest():
    graph = manifest({"b": "PassThrough", "a": "MultiplyNode", "r": "PassThrough"}, "r a", "r b")
    result = run(graph, [1, 2])
    assert result.outputs == [1, 2, 2, 4]
    assert result.graph.execution_order == ["r", "b", "a"]
    graph["nodes"][2]["is_output_node"] = True
    assert run(graph, [1]).outputs == [1, 2, 1]


def test_unconnected_nodes_each_get_the_input():
    assert run(manifest({"a": "PassThrough", "b": "MultiplyNode"}), [1]).outputs == [1, 2]


def test_sources():
    graph = manifest({"s": "Source", "t": "Source", "m": "PassThrough"}, "t m", "s m")
    assert run(graph).outputs == [1, 2, 1, 2]
    assert failure(graph, [1]).kind == "needs-input"
    assert "takes none" in str(failure(graph, []))
    # In the middle it is a node like any other.
    fed = manifest({"p": "PassThrough", "s": "Source"}, "p s")
    assert failure(fed, [1]).kind == "node-failed"


def test_no_input():
    error = failure(manifest({"p": "PassThrough"}))
    assert (error.kind, error.node_id) == ("needs-input", "p")
    assert "inputs" in error.message
    assert run(manifest({"p": "PassThrough"}), []).outputs == []


def test_flush_goes_through_the_nodes_downstream():
    graph = manifest({"b": ("BufferNode", {"buffer_size": 2}), "c": "StatefulCounter"}, "b c")
    assert run(graph, [1, 2, 3]).outputs == [(0,), (1,)]


def test_streaming_chain():
    graph = manifest({"a": "StatefulCounter", "b": "StatefulCounter"}, "a b")
    assert run(graph, ["x"] * 3).outputs == [(0,), (1,), (2,)]


def test_failure_names_everything_and_cleans_up():
    graph = manifest({"a": "Log", "b": ("Log", {"fail": ["process 3"]})}, "a b")
    error = failure(graph, [1, 2, 3])
    assert (error.kind, error.node_id, error.item) == ("node-failed", "b", 2)
    assert error.node_type == f"{HERE}:Log"
    assert error.outputs == [1, 2]
    assert error.message == "ValueError: process 3 failed"
    assert isinstance(error.__cause__, ValueError)
    assert "_note" in error.traceback and "runtime" not in error.traceback
    assert LOG[-2:] == ["b.cleanup", "a.cleanup"]
    assert str(error) == f"node `b` ({HERE}:Log, item 2): ValueError: process 3 failed"


def test_failing_initialize_cleans_up():
    graph = manifest({"a": "Log", "b": ("Log", {"fail": ["initialize"]}), "c": "Log"}, "a b", "b c")
    error = failure(graph, [1])
    assert (error.kind, error.node_id) == ("node-setup-failed", "b")
    assert LOG == ["a.initialize", "b.initialize", "a.cleanup"]


def test_failing_cleanup_is_reported_but_stops_nothing():
    graph = manifest({"a": "Log", "b": ("Log", {"fail": ["cleanup"]})}, "a b")
    error = failure(graph, [1])
    assert (error.kind, error.node_id, error.outputs) == ("node-failed", "b", [1])
    assert LOG[-1] == "a.cleanup"
    both = manifest({"a": ("Log", {"fail": ["process 1", "cleanup"]})})
    assert failure(both, [1]).message == (
        "ValueError: process 1 failed\n"
        f"after that, node `a` ({HERE}:Log): cleanup failed: ValueError: cleanup failed"
    )


def test_failing_constructor():
    error = failure(manifest({"b": ("BufferNode", {"buffer_size": 0})}), [1])
    assert (error.kind, error.node_id) == ("node-setup-failed", "b")


def test_failing_flush():
    error = failure(manifest({"a": ("Log", {"fail": ["flush"]})}), [1])
    assert (error.kind, error.item, error.outputs) == ("node-failed", None, [1])


def test_output_without_form():
    error = failure(manifest({"s": "Sets"}), [0, 1])
    assert (error.kind, error.node_id, error.outputs) == ("unrepresentable-output", "s", [0])
    assert error.item == 1
    assert error.message.startswith("outputs[1].results.x: set has no plain form")
    # Between nodes anything may pass.
    assert run(manifest({"s": "Sets", "c": "Sorted"}, "s c"), [3]).outputs == [[3]]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": 1}, 'version must be "v1"'),
        ({"nodes": []}, "at least one node"),
        ({"nodes": [{"id": "a b", "node_type": "Echo"}]}, "letters, digits"),
        ({"nodes": [{"id": "a", "node_type": "Echo"}] * 2}, "used by two nodes"),
        ({"nodes": [{"id": "a"}]}, "node_type is missing"),
        ({"nodes": [{"id": "a", "node_type": "Ecko"}]}, "did you mean `Echo`"),
        ({"nodes": [{"id": "a", "node_type": "Echo", "params": {"x": 1}}]}, "unknown param `x`"),
        ({"nodes": [{"id": "a", "node_type": "Echo", "params": []}]}, "params must be an object"),
        ({"nodes": [{"id": "a", "node_type": "Echo", "host": "h:1"}]}, "elsewhere"),
        ({"connections": [{"from": "p", "to": "q"}]}, "connections[0].to: there is no node `q`"),
        ({"connections": [{"from": "p"}]}, "`from` and `to`"),
        ({"connections": [{"from": "p", "to": "p"}]}, "cycle holds up `p`"),
    ],
)
def test_invalid_manifests(change, message):
    graph = {**manifest({"p": "PassThrough"}), **change}
    error = failure(graph, [1])
    assert error.kind == "invalid-manifest"
    assert message in str(error)
    assert error.problems
    with pytest.raises(PipelineRunError):
        check(graph)


def test_all_problems_at_once():
    nodes = [{"id": "a", "node_type": "Ecko"}, {"id": "b", "node_type": "Nix:Nix"}]
    assert len(failure({"version": "v1", "nodes": nodes}, []).problems) == 2


def test_no_more_problems_than_anybody_reads():
    nodes = [{"id": f"n{i}", "node_type": f"Ecko{i}"} for i in range(3000)]
    ends = [{"from": f"m{i}", "to": f"m{i}"} for i in range(3000)]
    problems = failure({"version": "v1", "nodes": nodes, "connections": ends}, []).problems
    assert len(problems) == 101
    assert problems[100] == "6000 more problems are not shown"
    long = "x" * 1_000_000
    node = {"id": long, "node_type": "Echo", "params": {long: 1}, long: 2, "version": long}
    problems = failure({"version": long, "nodes": [node], long: 3}, []).problems
    assert problems and all(len(problem) < 300 for problem in problems)


def test_paths_that_multiply_items_are_warned_of():
    nodes = {f"n{i}": "PassThrough" for i in range(40)}
    graph = manifest(nodes, *(f"n{i} n{j}" for j in range(40) for i in range(j)))
    warning = "nodes[39]: 274877906944 paths lead to node `n39`: an item may reach it that often"
    assert run(graph, []).warnings == [warning]


def test_unknown_keys_are_warnings():
    graph = manifest({"p": "PassThrough"}, comment="x", conections=[])
    graph["nodes"][0]["parms"] = {}
    result = run(graph, [])
    assert result.warnings == [
        "unknown key `conections`: did you mean `connections`?",
        "nodes[0]: unknown key `parms`: did you mean `params`?",
    ]


def test_long_chains():
    nodes = {f"n{i}": "PassThrough" for i in range(2000)}
    graph = manifest(nodes, *(f"n{i} n{i + 1}" for i in range(1999)))
    assert run(graph, [1, 2]).outputs == [1, 2]


class Nested:
    async def initialize(self):
        pass

    def process(self, data):
        return run(manifest({"c": "StatefulCounter"}), [data]).outputs


def test_a_run_inside_a_run():
    graph = manifest({"a": "StatefulCounter", "n": "Nested", "b": "StatefulCounter"}, "a n", "n b")
    graph["nodes"][1]["node_type"] = f"{HERE}:Nested"
    assert run(graph, [1, 2]).outputs == [(0,), (1,)]


def test_registered_classes():
    from remotemedia.nodes import _registry, register_node_class
    from remotemedia.runtime import bridge

    register_node_class(Grow)
    register_node_class(Grow, node_type="Bigger")
    try:
        graph = {"version": "v1", "nodes": [{"id": "a", "node_type": "Bigger"}]}
        assert run(graph, [[]]).outputs == [[0]]
        assert "Bigger" in [info.node_type for info in bridge.node_infos()]
    finally:
        _registry.REGISTERED.clear()
    for cls, name in ((Grow, "Echo"), (int, "Whole")):
        with pytest.raises(remotemedia.ConfigurationError):
            register_node_class(cls, node_type=name)


def test_names_of_the_sdk():
    import asyncio

    from remotemedia import PassThroughNode, is_rust_runtime_available
    from remotemedia.core.node import RemoteExecutorConfig

    assert PassThroughNode is remotemedia.nodes.PassThroughNode
    assert not is_rust_runtime_available()
    with pytest.raises(ImportError, match="needs aiortc"):
        _ = remotemedia.MediaReaderNode
    config = RemoteExecutorConfig("h", 1)
    with pytest.raises(remotemedia.RemoteExecutionError, match="h:1"):
        config("PassThroughNode")
    with pytest.raises(remotemedia.ConfigurationError):
        RemoteExecutorConfig("h", 0)
    graph = manifest({"p": "StatefulCounter"})
    execute = remotemedia.execute_pipeline_with_input
    assert asyncio.run(execute(graph, [5])) == [(0,)]
    assert asyncio.run(remotemedia.execute_pipeline(manifest({"s": "Source"}))) == [1, 2]


def test_lazy_attributes():
    assert remotemedia.run is run
    assert "run" in dir(remotemedia)
    with pytest.raises(AttributeError):
        _ = remotemedia.nothing
