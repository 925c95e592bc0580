from __future__ import annotations

import asyncio
import json

import pytest

from remotemedia import ConfigurationError, Node, Pipeline, PipelineError, SerializationError, run
from remotemedia.nodes import AddNode, BufferNode, MultiplyNode, PassThroughNode, StatefulCounter
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
