from __future__ import annotations

import json
import sys

import pytest

import remotemedia
from remotemedia import PipelineRunError, check, run

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
    assert "needs input" in error.message
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
        ({"version": 1}, "version"),
        ({"nodes": []}, "the pipeline has no nodes"),
        ({"nodes": [{"id": "a b", "node_type": "Echo"}]}, "letters, digits"),
        ({"nodes": [{"id": "a", "node_type": "Echo"}] * 2}, "nodes[1].id"),
        ({"nodes": [{"id": "a"}]}, "has no `node_type`"),
        ({"nodes": [{"id": "a", "node_type": "Ecko"}]}, "did you mean `Echo`"),
        ({"nodes": [{"id": "a", "node_type": "Echo", "params": {"x": 1}}]}, "has no parameter `x`"),
        ({"nodes": [{"id": "a", "node_type": "Echo", "params": []}]}, "must be an object"),
        ({"nodes": [{"id": "a", "node_type": "Echo", "host": "h:1"}]}, "host"),
        ({"connections": [{"from": "p", "to": "q"}]}, 'connections[0].to: no node has the id "q"'),
        ({"connections": [{"from": "p"}]}, "has no `to`"),
        ({"connections": [{"from": "p", "to": "p"}]}, "connected to itself"),
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
    assert len(problems) == 100
    long = "x" * 1_000_000
    node = {"id": long, "node_type": "Echo", "params": {long: 1}, long: 2, "version": long}
    problems = failure({"version": long, "nodes": [node], long: 3}, []).problems
    assert problems and all(len(problem) < 300 for problem in problems)


def test_paths_that_multiply_items_are_warned_of():
    nodes = {f"n{i}": "PassThrough" for i in range(40)}
    graph = manifest(nodes, *(f"n{i} n{j}" for j in range(40) for i in range(j)))
    (warning,) = run(graph, []).warnings
    said = "nodes[39]: 274877906944 paths lead to node `n39`: an item may reach it that often"
    assert warning.startswith(said)


def test_unknown_keys_are_warnings():
    graph = manifest({"p": "PassThrough"}, conections=[])
    graph["nodes"][0]["parms"] = {}
    result = run(graph, [])
    of_manifest, of_node = sorted(result.warnings)
    assert of_node.startswith("nodes[0].parms: unknown key `parms`")
    assert of_node.endswith("did you mean `params`?")
    assert of_manifest.startswith("conections: unknown key `conections`")


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
    assert is_rust_runtime_available()
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


def test_what_json_lacks_may_be_in_a_manifest():
    graph = {
        "manifest": manifest({"p": "PassThrough"}),
        "input_data": [(1, b"x"), {1: float("inf")}],
    }
    assert run(graph).outputs == [(1, b"x"), {1: float("inf")}]
    # As a file would hold it, and dicts may hold what a file does.
    graph["input_data"] = [{"$tuple": [1]}]
    assert run(graph).outputs == [(1,)]
    error = failure(manifest({"t": ("TransformNode", {"with": [print]})}), [1])
    assert error.kind == "invalid-manifest"
    assert error.message.startswith("nodes[0].params.with[0]: builtin_function_or_method has no")


def test_inputs_are_data():
    graph = manifest({"p": "PassThrough"})
    with pytest.raises(TypeError, match=r"inputs\[1\]\.a: set has no plain form"):
        run(graph, [1, {"a": {1}}])
    with pytest.raises(TypeError, match="not iterable"):
        run(graph, 1)


def test_items_meant_for_one_source():
    graph = manifest({"a": "PassThrough", "b": "MultiplyNode"})
    assert run(graph, [remotemedia.to_node("b", 2), 1]).outputs == [1, 4, 2]
    assert failure(graph, [remotemedia.to_node("c", 2)]).kind == "invalid-input"


def test_nodes_in_rust_run_where_the_component_has_them():
    kinds = {info["node_type"]: info["language"] for info in remotemedia.list_nodes()}
    assert (kinds["MultiplyNode"], kinds["StatefulCounter"]) == ("rust", "python")
    result = run(manifest({"m": "MultiplyNode"}), [1, 2])
    (of_node,) = result.metrics
    assert (of_node["node_id"], of_node["items_in"], of_node["items_out"]) == ("m", 2, 2)
    assert of_node["nanoseconds"] > 0


def test_samples_are_copied_once_and_can_be_written_to():
    from remotemedia import Audio

    samples = memoryview(bytearray(16)).cast("f")
    given = Audio(samples, 8000)
    (audio,) = run(manifest({"p": "PassThrough"}), [given]).outputs
    audio.samples[0] = 1.0
    assert list(audio.samples) == [1, 0, 0, 0]
    assert list(samples) == [0, 0, 0, 0]


@pytest.mark.skipif(sys.platform == "wasi", reason="the sandbox's own is shown by its hosts")
def test_placement_is_a_matter_of_the_sandbox():
    graph = manifest({"p": "PassThrough"})
    node = graph["nodes"][0]
    node["execution"] = {"placement": "native"}
    node["capabilities"] = {"gpu": {"type": "cuda", "required": True}}
    node["python_deps"] = ["torch"]
    assert run(graph, [1]).warnings == []
    node["execution"] = {"placement": "remote"}
    assert failure(graph, [1]).kind == "invalid-manifest"


class Interrupts:
    def process(self, data):
        LOG.append("process")
        raise KeyboardInterrupt

    def cleanup(self):
        LOG.append("cleanup")


@pytest.mark.skipif(sys.platform == "wasi", reason="nothing interrupts there")
def test_an_interrupt_is_no_failure_of_a_node():
    graph = manifest({"i": "Log"})
    graph["nodes"][0] = {"id": "i", "node_type": f"{HERE}:Interrupts"}
    with pytest.raises(KeyboardInterrupt):
        run(graph, [1])
    assert LOG == ["process", "cleanup"]


@pytest.mark.skipif(sys.platform == "wasi", reason="nothing interrupts there")
def test_an_interrupt_while_a_module_is_imported(module):
    name = module("interrupts_import", "raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        run({"version": "v1", "nodes": [{"id": "a", "node_type": f"{name}:A"}]}, [])


def test_the_cause_of_a_failing_import_is_told(module):
    name = module("fails_to_import", "def broken():\n    raise ValueError('no luck')\nbroken()")
    error = failure({"version": "v1", "nodes": [{"id": "a", "node_type": f"{name}:A"}]}, [])
    assert error.kind == "invalid-manifest"
    assert "ValueError: no luck" in error.message and "in broken" in error.message


def test_run_async():
    import asyncio

    async def main():
        graph = manifest({"c": "StatefulCounter"})
        return await asyncio.gather(*(remotemedia.run_async(graph, [5, 5]) for _ in range(4)))

    assert [result.outputs for result in asyncio.run(main())] == [[(0,), (1,)]] * 4


def test_run_where_an_event_loop_runs():
    import asyncio

    async def main(graph):
        return run(graph, [1])

    assert asyncio.run(main(manifest({"p": "PassThrough"}))).outputs == [1]
    with pytest.raises(PipelineRunError, match="run_async"):
        asyncio.run(main(manifest({"c": "StatefulCounter"})))


def test_without_the_core_the_error_says_how_to_get_it(monkeypatch):
    if sys.platform == "wasi":
        pytest.skip("there it is built in")
    monkeypatch.setitem(sys.modules, "remotemedia._core", None)
    monkeypatch.delattr(remotemedia, "_core", raising=False)
    with pytest.raises(ImportError, match="install the wheel"):
        run(manifest({"p": "PassThrough"}), [1])
    loaded, module, why = remotemedia.try_load_rust_runtime()
    assert not loaded and module is None and "wheel" in why
    assert remotemedia.get_rust_runtime() is None
    assert not remotemedia.is_rust_runtime_available()


def test_the_runtime_is_a_module():
    loaded, module, why = remotemedia.try_load_rust_runtime()
    assert loaded and why is None
    assert module is remotemedia.get_rust_runtime()
    assert module.__version__ == remotemedia.__version__
