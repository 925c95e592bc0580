from __future__ import annotations

import asyncio
import json

import pytest

from remotemedia import (
    ConfigurationError,
    Node,
    Pipeline,
    PipelineError,
    PipelineRunError,
    SerializationError,
    execute_pipeline,
    execute_pipeline_with_input,
    register_python_node,
    run,
)
from remotemedia.nodes import (
    AddNode,
    BufferNode,
    MultiplyNode,
    PassThroughNode,
    StatefulCounter,
    _registry,
)
from remotemedia.serialization import JSONSerializer, PickleSerializer


class Numbers(Node):
    is_source = True

    async def process(self, data=None):
        for i in range(3):
            yield i


class Gathers(Node):
    is_streaming = True

    def process(self, stream):
        yield sum(stream)


def test_serialize_and_run_as_manifest():
    pipeline = Pipeline(name="p").add_node(MultiplyNode(3)).add_node(AddNode(1, name="plus"))
    manifest = json.loads(pipeline.serialize(description="d"))
    assert manifest["version"] == "v1"
    assert manifest["metadata"]["name"] == "p" and manifest["metadata"]["description"] == "d"
    assert manifest["metadata"]["created_at"].endswith("Z")
    assert manifest["nodes"] == [
        {"id": "MultiplyNode_0", "node_type": "MultiplyNode", "params": {"factor": 3}},
        {"id": "plus_1", "node_type": "AddNode", "params": {"addend": 1}},
    ]
    assert manifest["connections"] == [{"from": "MultiplyNode_0", "to": "plus_1"}]
    assert run(manifest, [2]).outputs == [7]
    streaming = Pipeline([StatefulCounter(4), BufferNode(3)]).to_manifest()
    assert streaming["nodes"][0]["is_streaming"]
    assert streaming["nodes"][0]["params"] == {"initial_value": 4}
    assert run(streaming, [0, 0]).outputs == [[(4,), (5,)]]
    assert Numbers().to_manifest()["node_type"] == f"{__name__}:Numbers"


def test_run():
    chain = [MultiplyNode(2), BufferNode(2)]
    assert asyncio.run(Pipeline(chain).run([1, 2, 3])) == [[2, 4], [6]]
    assert asyncio.run(Pipeline([PassThroughNode()]).run(5)) == 5
    assert asyncio.run(Pipeline([BufferNode()]).run([])) is None
    assert asyncio.run(Pipeline([Numbers(), StatefulCounter()]).run()) == [(0,), (1,), (2,)]
    assert asyncio.run(Pipeline([Numbers(), Gathers()]).run()) == 3
    with pytest.raises(PipelineError, match="needs input"):
        asyncio.run(Pipeline([PassThroughNode()]).run())
    with pytest.raises(PipelineError, match="no nodes"):
        asyncio.run(Pipeline().run([1]))


def test_process_by_hand():
    async def main():
        pipeline = Pipeline([PassThroughNode(name="a"), PassThroughNode(name="b")])
        assert pipeline.remove_node("b") and not pipeline.remove_node("b")
        assert pipeline.get_node("a") is pipeline.nodes[0] and pipeline.node_count == 1
        with pytest.raises(PipelineError, match="initialized first"):
            await anext(pipeline.process())

        async def items():
            yield 1

        async with pipeline.managed_execution():
            assert pipeline.is_initialized and pipeline.nodes[0].is_initialized
            assert [item async for item in pipeline.process(items())] == [1]
            with pytest.raises(PipelineError):
                pipeline.add_node(PassThroughNode())
        assert not pipeline.is_initialized

    asyncio.run(main())
    with pytest.raises(PipelineError, match="not a Node"):
        Pipeline(["x"])


def test_serializers():
    json_form = JSONSerializer()
    value = {"a": (1, b"x"), "n": 2**70}
    assert json_form.deserialize(json_form.serialize(value)) == value
    with pytest.raises(SerializationError):
        json_form.serialize({1, 2})
    with pytest.raises(SerializationError):
        json_form.deserialize(b"{")
    with pytest.raises(ConfigurationError, match="allow_code_execution"):
        PickleSerializer()
    pickled = PickleSerializer(allow_code_execution=True)
    assert pickled.deserialize(pickled.serialize({1, 2})) == {1, 2}
    with pytest.raises(SerializationError):
        pickled.deserialize(b"x")


def test_any_object_goes_through():
    class Wraps(Node):
        def process(self, data):
            return {"seen": {data}}

    class Thing:
        pass

    thing = Thing()
    assert asyncio.run(Pipeline([PassThroughNode(), Wraps()]).run(thing)) == {"seen": {thing}}


def test_a_failing_node_is_named_and_its_exception_the_cause():
    class Fails(Node):
        cleaned = False

        def process(self, data):
            raise ValueError("as asked")

        def cleanup(self):
            self.cleaned = True
            return super().cleanup()

    failing = Fails(name="my node")
    with pytest.raises(PipelineRunError, match="my_node_0.*ValueError: as asked") as caught:
        asyncio.run(Pipeline([failing]).run([1]))
    assert isinstance(caught.value.__cause__, ValueError)
    assert failing.cleaned and not failing.is_initialized


def test_a_failing_initialize_cleans_up():
    class Fails(PassThroughNode):
        def initialize(self):
            raise ValueError("as asked")

    first = PassThroughNode()
    pipeline = Pipeline([first, Fails()])
    with pytest.raises(PipelineError, match="'Fails' could not be initialized: .*as asked"):
        asyncio.run(pipeline.initialize())
    assert not first.is_initialized and not pipeline.is_initialized


class Connects(Node):
    """Has a task that lives while the node is initialized."""

    async def initialize(self):
        self.queue = asyncio.Queue()
        self.task = asyncio.create_task(self.work())
        await super().initialize()

    async def work(self):
        count = 0
        while True:
            done = await self.queue.get()
            count += 1
            done.set_result(count)

    async def process(self, data):
        done = asyncio.get_running_loop().create_future()
        await self.queue.put(done)
        return await done

    async def cleanup(self):
        self.task.cancel()
        await super().cleanup()


def test_streams_one_after_another_find_the_nodes_as_they_were():
    async def main():
        async def items():
            yield "a"
            yield "b"

        async with Pipeline([Connects()]).managed_execution() as pipeline:
            first = [item async for item in pipeline.process(items())]
            second = [item async for item in pipeline.process(items())]
        return first, second

    assert asyncio.run(main()) == ([1, 2], [3, 4])


def test_outputs_come_before_the_stream_goes_on():
    async def main():
        seen = []

        async def items():
            for item in range(3):
                seen.append(f"in {item}")
                yield item

        async with Pipeline([PassThroughNode(), PassThroughNode()]).managed_execution() as pipeline:
            async for item in pipeline.process(items()):
                seen.append(f"out {item}")
        return seen

    assert asyncio.run(main()) == ["in 0", "out 0", "in 1", "out 1", "in 2", "out 2"]


def test_leaving_an_endless_source_early():
    class Endless(Node):
        is_source = True
        closed = False

        async def process(self, data=None):
            try:
                item = 0
                while True:
                    yield item
                    item += 1
            finally:
                self.closed = True

    async def main():
        source = Endless()
        async with Pipeline([source]).managed_execution() as pipeline:
            outputs = pipeline.process()
            found = [await anext(outputs) for _ in range(3)]
            await outputs.aclose()
        return found, source.closed

    assert asyncio.run(main()) == ([0, 1, 2], True)


def test_context_variables_reach_the_nodes():
    from contextvars import ContextVar

    who = ContextVar("who", default="nobody")

    class Asks(Node):
        def process(self, data):
            return who.get()

    async def main():
        who.set("me")
        return await Pipeline([Asks()]).run(1)

    assert asyncio.run(main()) == "me"


def test_metrics():
    pipeline = Pipeline([PassThroughNode(name="a"), BufferNode(2)], "mine", enable_metrics=True)
    assert pipeline.get_metrics() is None
    asyncio.run(pipeline.run([1, 2, 3]))
    metrics = pipeline.get_metrics()
    first, second = metrics["node_metrics"]
    assert metrics["pipeline_id"] == "mine"
    assert (first["node_id"], first["execution_count"], first["items_out"]) == ("a_0", 3, 3)
    assert (second["execution_count"], second["items_out"]) == (3, 2)
    assert 0 < first["avg_duration_us"] <= first["total_duration_us"]
    assert first["total_duration_us"] + second["total_duration_us"] < metrics["total_duration_us"]
    pipeline.enable_metrics = False
    asyncio.run(pipeline.run([1]))
    assert pipeline.get_metrics() is None


def test_a_definition_is_exported_and_read():
    pipeline = Pipeline([MultiplyNode(3), Gathers(name="sum")], "p")
    definition = json.loads(json.dumps(pipeline.export_definition()))
    assert definition["name"] == "p" and definition["dependencies"] == ["remotemedia"]
    assert definition["metadata"]["node_count"] == "2"
    assert definition["metadata"]["has_streaming_nodes"] == "True"
    assert definition["connections"] == [
        {
            "from_node": "MultiplyNode_0",
            "to_node": "sum_1",
            "output_port": "default",
            "input_port": "default",
        }
    ]
    first, second = definition["nodes"]
    assert (first["node_id"], first["class_name"]) == ("MultiplyNode_0", "MultiplyNode")
    assert second["module"] == __name__ and second["is_streaming"]
    read = asyncio.run(Pipeline.from_definition(definition))
    assert read.name == "p" and [node.name for node in read] == ["MultiplyNode", "sum"]
    assert asyncio.run(read.run([1, 2])) == 9
    first["config"]["factor"] = {}
    second["class_name"] = "Nothing"
    with pytest.raises(PipelineError, match="'sum_1' could not be made.*Nothing"):
        asyncio.run(Pipeline.from_definition(definition))


def test_execute_pipeline_in_every_form():
    numbers, double = Numbers(), MultiplyNode(2)
    entry = {"node_type": "AddNode", "params": {"addend": 1}}
    pipeline = Pipeline([numbers, double], "p")
    manifest = {
        "version": "v1",
        "nodes": [{"id": "a", "node_type": f"{__name__}:Numbers"}],
    }
    for given, expected in (
        (pipeline, [0, 2, 4]),
        ([numbers, double], [0, 2, 4]),
        ([numbers, entry], [1, 2, 3]),
        ([{"node_type": f"{__name__}:Numbers"}, entry, entry], [2, 3, 4]),
        (manifest, [0, 1, 2]),
        (json.dumps(manifest), [0, 1, 2]),
    ):
        assert asyncio.run(execute_pipeline(given)) == expected
    assert asyncio.run(execute_pipeline_with_input([double, entry], [1, 2])) == [3, 5]
    both = asyncio.run(execute_pipeline(pipeline, enable_metrics=True))
    assert both["outputs"] == [0, 2, 4]
    assert both["metrics"]["pipeline_id"] == "p"
    assert [node["items_out"] for node in both["metrics"]["node_metrics"]] == [3, 3]
    with pytest.raises(ValueError, match="no nodes"):
        asyncio.run(execute_pipeline([]))
    with pytest.raises(TypeError, match="int at 1, the class MultiplyNode at 2"):
        asyncio.run(execute_pipeline([double, 5, MultiplyNode]))


def test_nodes_of_a_file(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(
        "class One:\n    def process(self, data):\n        return data + 1\n\n"
        "class Two(One):\n    'Adds two.'\n    def process(self, data):\n        return data + 2\n"
    )
    try:
        known = register_python_node(path)
        assert list(known) == ["One", "Two"]
        assert known["Two"]["description"] == "Adds two."
        assert known["Two"]["file_path"] == str(path)
        register_python_node(str(path), node_class="One", node_type="Increment")
        nodes = [{"id": "a", "node_type": "Two"}, {"id": "b", "node_type": "Increment"}]
        graph = {"version": "v1", "nodes": nodes, "connections": [{"from": "a", "to": "b"}]}
        assert run(graph, [1]).outputs == [4]
        with pytest.raises(ValueError, match="several: One, Two"):
            register_python_node(path, node_type="Any")
        with pytest.raises(ValueError, match="no node class `Three` .it has One, Two"):
            register_python_node(path, node_class="Three")
        with pytest.raises(ConfigurationError, match="`Echo` is a node type already"):
            register_python_node(path, node_class="One", node_type="Echo")
    finally:
        _registry.REGISTERED.clear()
    with pytest.raises(FileNotFoundError, match="not there"):
        register_python_node(tmp_path / "none.py")
    with pytest.raises(ValueError, match="end in .py"):
        register_python_node(tmp_path / "mine.txt")
    (tmp_path / "empty.py").write_text("class Nothing: pass")
    with pytest.raises(ValueError, match="no class with a `process`"):
        register_python_node(tmp_path / "empty.py")
