from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from remotemedia import ConfigurationError, Node, NodeError, StateManager
from remotemedia.nodes import (
    AddNode,
    BidirectionalNode,
    BufferNode,
    CalculatorNode,
    CodeExecutorNode,
    DataSinkNode,
    DataSourceNode,
    Echo,
    FormatConverter,
    MultiplyNode,
    PassThrough,
    StatefulCounter,
    TextCollectorNode,
    TextProcessorNode,
    TextTransformNode,
)
from remotemedia.runtime.bridge import Runner, expand


def outputs(node, *items):
    runner = Runner(node)
    results = []
    for item in items:
        results += runner.push(item) if runner.streaming else expand(runner.process(item))
    return results + list(runner.finish())


def exact(value):
    return value, type(value)


@pytest.mark.parametrize(
    ("factor", "item", "expected"),
    [
        (2.0, 5, 10),
        (2, 5, 10),
        (2.0, 2.5, 5.0),
        (0.5, 4, 2),
        (0.5, 5, 2.5),
        (2.0, 2**70, 2**71),
        (0.5, 2**70, 2**69),
        (1.5, 2**60 + 2, (2**60 + 2) * 3 // 2),
        (3, -(10**30), -3 * 10**30),
        (float("inf"), -(10**400), float("-inf")),
        (float("inf"), 3, float("inf")),
        (2, True, True),
        (2, None, None),
        (2, "x", "x"),
    ],
)
def test_multiply(factor, item, expected):
    assert exact(MultiplyNode(factor).process(item)) == exact(expected)


def test_math_on_lists_and_names():
    assert MultiplyNode(2).process([1, 2.0, "x", [3]]) == [2, 4.0, "x", [3]]
    assert exact(AddNode(10).process(10)) == exact(20)
    assert exact(AddNode(0.5).process(2**60)) == exact(float(2**60))
    assert MultiplyNode(multiplier=3).process(2) == 6
    assert MultiplyNode().process(2) == 4
    with pytest.raises(ConfigurationError):
        MultiplyNode(factor=3, multiplier=4)


def test_pass_echo_buffer_count():
    item = {"a": 1}
    assert PassThrough().process(item) is item
    assert outputs(Echo(), "a", "b") == [
        {"input": "a", "counter": 1, "node": "Echo"},
        {"input": "b", "counter": 2, "node": "Echo"},
    ]
    assert outputs(BufferNode(2), 1, 2, 3) == [[1, 2], [3]]
    assert outputs(BufferNode(2), 1, 2) == [[1, 2]]
    with pytest.raises(ConfigurationError):
        BufferNode(0)
    assert outputs(StatefulCounter(5), "a", "b") == [(5,), (6,)]


def test_text_processor():
    node = TextProcessorNode()
    by = "TextProcessorNode[TextProcessorNode]"
    operations = node.get_supported_operations()
    assert node.process({"text": "Hello big World", "operations": [*operations, "zap"]}) == {
        "original_text": "Hello big World",
        "operations": [*operations, "zap"],
        "results": {
            "uppercase": "HELLO BIG WORLD",
            "lowercase": "hello big world",
            "reverse": "dlroW gib olleH",
            "word_count": 3,
            "char_count": 15,
            "title_case": "Hello Big World",
            "remove_spaces": "HellobigWorld",
            "first_word": "Hello",
            "last_word": "World",
            "unknown_operation_zap": "Unknown operation: zap",
        },
        "processed_by": by,
        "node_config": {},
    }
    assert node.process({"text": "a"})["results"] == {"uppercase": "A"}
    blank = node.process({"text": " \n", "operations": ["first_word", "last_word"]})
    assert blank["results"] == {"first_word": "", "last_word": ""}
    lines = node.process({"text": " a\tb\n", "operations": ["first_word", "last_word"]})
    assert lines["results"] == {"first_word": "a", "last_word": "b"}
    assert node.process(3) == {
        "error": "Input must be a dictionary",
        "input": 3,
        "processed_by": by,
    }
    assert node.process({})["error"] == "Input must contain 'text' key"
    failed = node.process({"text": 5})
    assert set(failed) == {"error", "text", "operations", "processed_by"}
    assert TextProcessorNode(name="n").process(3)["processed_by"] == "TextProcessorNode[n]"


def test_calculator():
    node = CalculatorNode()

    def result(operation, *args):
        answer = node.process({"operation": operation, "args": list(args)})
        return answer.get("result", answer.get("error"))

    assert [result(op, 7, 2) for op in node.get_supported_operations()] == [9, 14, 5, 3.5, 49, 1]
    assert result("divide", 1, 0) == "Division by zero"
    assert result("modulo", 1, 0) == "Modulo by zero"
    assert result("root", 1, 2) == "Unknown operation: root"
    assert "at least 2" in result("add", 1)
    assert node.process({})["error"].startswith("Input must contain")
    assert node.process(1) == 1


def test_transforms():
    assert TextTransformNode(str.upper).process("a") == "A"
    assert TextTransformNode("upper").process(("a", 1)) == ("A", 1)
    assert TextTransformNode("html:escape").process("<") == "&lt;"
    assert TextTransformNode("upper").process(5) == 5
    for bad in ("nope", "__len__", "html:nope"):
        with pytest.raises(ConfigurationError):
            TextTransformNode(bad)
    assert FormatConverter().process({"a": 1}) == {"a": 1}
    assert FormatConverter("text").process({"a": (1,)}) == '{"a":{"$tuple":[1]}}'
    assert FormatConverter("bytes").process("é") == "é".encode()
    with pytest.raises(ConfigurationError, match="json, text, bytes"):
        FormatConverter("xml")


def test_code_executor():
    node = CodeExecutorNode("result = input_data * 2")
    assert node.process(4)["result"] == 8
    assert node.process({"input": 5})["result"] == 10
    assert node.process({"code": "result = len(input_data)", "input": "abc"})["result"] == 3
    assert node.process({"code": "x = 1"})["result"] == "No result variable set"
    assert "division" in node.process({"code": "1 / 0"})["error"]
    assert "not allowed" in node.process({"code": "import os"})["error"]
    assert "open" in node.process({"code": "open('x')"})["error"]
    recursive = "def f(n): return 1 if n < 2 else n * f(n - 1)\nresult = f(5)"
    assert node.process({"code": recursive})["result"] == 120
    assert "error" in CodeExecutorNode().process({})
    assert "error" in CodeExecutorNode().process(None)
    assert "error" in CodeExecutorNode().process(3)
    safe = CodeExecutorNode("import math\nresult = math.floor(1.5)", enable_safe_imports=True)
    assert safe.process(None)["result"] == 1
    allowed = CodeExecutorNode("result = string.digits", allowed_modules=["string"])
    assert allowed.process(None)["result"] == "0123456789"


def test_io_nodes_in_a_run():
    assert outputs(DataSourceNode(), 1, [2]) == [1, [2]]
    assert not Runner(DataSourceNode()).source
    source = Runner(DataSourceNode(items=[1, 2]))
    assert source.source and list(source.produce()) == [1, 2]
    seen = []
    sink = DataSinkNode(callback=seen.append, buffer_output=True)
    assert outputs(sink, 1, 2) == [1, 2]
    assert seen == sink.get_buffered_output() == [1, 2]
    assert outputs(BidirectionalNode(lambda item: item + 1), 1) == [2]
    assert DataSourceNode.is_source and DataSinkNode.is_sink


def test_io_nodes_by_hand():
    async def main():
        source = DataSourceNode(buffer_size=1)
        assert await source.push_data(1)
        assert not await source.push_data(2)
        await source.close()
        assert not await source.push_data(3)
        assert [item async for item in source.process()] == [1]
        silent = DataSourceNode(timeout_seconds=0.001)
        assert [item async for item in silent.process()] == []

        async def answer(item):
            return item * 2

        both = BidirectionalNode(answer)
        await both.push_input(4)
        await both.close()
        assert [item async for item in both.process()] == [8]
        assert await both.pull_output() == 8
        assert await both.pull_output(0.001) is None

    asyncio.run(main())


def test_text_collector():
    parts = ["Hello", " world", "! How", " are", " you", "?<|text_end|>", "Bye"]
    assert outputs(TextCollectorNode(), *parts) == [
        "Hello world!",
        "How are you?",
        "<|text_end|>",
        "Bye",
    ]
    assert outputs(TextCollectorNode(yield_partial_on_end=False), "a", 5) == [5]


def test_node_helpers():
    node = PassThrough(name="n")
    assert node.extract_session_id({"session_id": "s"}) == "s"
    assert node.extract_session_id((1, {"session_id": "s"})) == "s"
    assert node.extract_session_id(1) is None
    assert node.split_data_metadata((1, {"session_id": "s"})) == (1, {"session_id": "s"})
    assert node.split_data_metadata((1, 2, {"metadata": 0})) == ((1, 2), {"metadata": 0})
    assert node.split_data_metadata((1, {"other": 0})) == ((1, {"other": 0}), None)
    assert node.merge_data_metadata((1, 2), {"m": 0}) == (1, 2, {"m": 0})
    assert node.merge_data_metadata(1, {"m": 0}) == (1, {"m": 0})
    assert node.merge_data_metadata(1, None) == 1
    assert node.logger.name == "PassThrough"
    with pytest.raises(TypeError):
        Node()


def test_sessions_without_await():
    node = PassThrough()
    assert not node.initialize() and node.is_initialized
    assert not node.get_session_state() and node.get_session_state() == None  # noqa: E711
    assert node.get_session_state().get("k", 4) == 4
    with pytest.raises(NodeError, match="no session"):
        node.get_session_state().set("k", 1)
    node.set_session_id("a")
    state = node.get_session_state()
    assert not state.set("k", 0) and state.get("k") == 0
    state.update({"l": None})
    assert node.get_session_state("a").data == {"k": 0, "l": None}
    manager = node.state
    assert list(manager.get_all_sessions()) == ["a"]
    assert manager.get_or_create_session("b") is manager.get_session("b")
    assert manager.delete_session("b") == True and not manager.delete_session("b")  # noqa: E712
    assert manager.cleanup_expired_sessions() == 0
    manager.start_cleanup_task()
    assert not node.cleanup() and not node.is_initialized
    assert manager.get_all_sessions() == {} and not manager.get_session("a")


def test_what_is_awaited_is_plain():
    async def main():
        node = PassThrough()
        manager = node.state
        assert await node.initialize() is None
        assert await node.get_session_state() is None
        state = manager.get_or_create_session("a")
        assert await state is state
        assert await state.set("k", 1) is None
        assert await manager.get_session("b") is None
        assert type(await manager.get_all_sessions()) is dict
        assert await manager.delete_session("a") is True
        assert await manager.delete_session("a") is False
        assert type(await manager.cleanup_expired_sessions()) is int
        assert await asyncio.gather(node.initialize(), manager.get_session("b")) == [None, None]
        assert await asyncio.create_task(node.initialize()) is None
        manager.start_cleanup_task()
        task = manager._cleanup_task
        await asyncio.create_task(manager.stop_cleanup_task())
        assert task.cancelled()
        manager.start_cleanup_task()
        task = manager._cleanup_task
        await node.cleanup()
        assert task.cancelled()

    asyncio.run(main())
    assert asyncio.run(PassThrough().cleanup()) is None


def test_sessions():
    async def main():
        node = PassThrough(max_sessions=2)
        assert await node.get_session_state() is None
        node.set_session_id("a")
        state = await node.get_session_state()
        state.set("k", 1)
        state.update({"l": 2})
        assert (await node.get_session_state("a")).get("k") == 1
        assert state.last_accessed >= state.created_at
        assert state.get("x", 3) == 3
        state.clear()
        assert state.data == {}
        state._accessed += 10
        (await node.get_session_state("b"))._accessed += 5
        await node.get_session_state("c")
        assert sorted(await node.state.get_all_sessions()) == ["a", "c"]
        assert await node.state.delete_session("a")
        assert not await node.state.delete_session("a")
        await node.cleanup()
        assert await node.state.get_all_sessions() == {}
        assert PassThrough(enable_state=False).state is None

        manager = StateManager(default_ttl=timedelta(seconds=1))
        assert manager.default_ttl == timedelta(seconds=1)
        (await manager.get_or_create_session("old"))._accessed -= 2
        assert await manager.cleanup_expired_sessions() == 1
        (await manager.get_or_create_session("old"))._accessed -= 2
        assert await manager.get_session("old") is None
        await manager.start_cleanup_task(0.001)
        (await manager.get_or_create_session("old"))._accessed -= 2
        async with asyncio.timeout(600):
            while manager._states:
                await asyncio.sleep(0.001)
        await manager.stop_cleanup_task()

    asyncio.run(main())
