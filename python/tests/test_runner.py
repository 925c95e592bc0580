from __future__ import annotations

import asyncio

import pytest

from remotemedia import Node
from remotemedia.runtime.bridge import Runner, close_runtime, expand


class Plain(Node):
    def process(self, data):
        return data


def make(process, streaming=False, **attributes):
    cls = type("Made", (Node,), {"process": process, **attributes})
    cls.is_streaming = streaming
    return Runner(cls())


def test_expand_plain_values():
    assert list(expand(None)) == []
    assert list(expand([1, 2])) == [[1, 2]]
    assert list(expand(())) == [()]
    assert list(expand(0)) == [0]
    iterator = iter([1])
    assert list(expand(iterator)) == [iterator]


def test_expand_is_lazy(both):
    made = []

    def plain():
        for i in range(3):
            made.append(i)
            yield i

    async def asynchronous():
        for i in range(3):
            made.append(i)
            yield i

    for generator in (plain(), asynchronous()):
        made.clear()
        items = expand(generator)
        assert made == []
        assert next(items) == 0
        assert made == [0]
        assert list(items) == [1, 2]


def test_expand_filters_none_and_nests(both):
    async def inner():
        yield 1
        yield None
        yield 2

    async def outer():
        await asyncio.sleep(0)
        return inner()

    assert list(expand(outer())) == [1, 2]


def test_timeouts_and_groups_may_span_a_yield(both):
    async def generate():
        async with asyncio.TaskGroup() as group:
            group.create_task(asyncio.sleep(0.001))
            async with asyncio.timeout(600):
                yield 1
                await asyncio.sleep(0.001)
                yield 2

    assert list(expand(generate())) == [1, 2]


def test_early_close_runs_finally(both):
    closed = []

    async def generate():
        try:
            yield 1
            yield 2
        finally:
            await asyncio.sleep(0)
            closed.append(True)

    items = expand(generate())
    next(items)
    items.close()
    assert closed == [True]


def test_exceptions_come_through(both):
    async def generate():
        yield 1
        raise ValueError("inside")

    items = expand(generate())
    assert next(items) == 1
    with pytest.raises(ValueError, match="inside"):
        next(items)

    async def fail():
        raise KeyError("x")

    with pytest.raises(KeyError):
        list(expand(fail()))


def test_streaming_gives_what_it_has_before_it_waits(both):
    async def process(self, stream):
        yield "begin"
        async for item in stream:
            await asyncio.sleep(0.001)
            yield item
            yield None
            yield item * 10
        yield "end"

    runner = make(process, True, flush=lambda self: [1, 2])
    runner.initialize()
    assert list(runner.push(1)) == ["begin", 1, 10]
    assert list(runner.push(2)) == [2, 20]
    assert list(runner.finish()) == ["end", [1, 2]]
    runner.cleanup()


def test_streaming_without_items(both):
    async def process(self, stream):
        async for item in stream:
            yield item
        yield "end"

    assert list(make(process, True).finish()) == ["end"]


def test_streaming_that_stops_early_drops_the_rest(both):
    async def process(self, stream):
        async for item in stream:
            yield item
            return

    runner = make(process, True)
    assert [list(runner.push(i)) for i in range(3)] == [[0], [], []]
    assert list(runner.finish()) == []


def test_streaming_forms_that_run_at_the_end(both):
    def generator(self, stream):
        for item in stream:
            yield item + 1

    async def coroutine(self, stream):
        return [item async for item in stream]

    def function(self, stream):
        return sum(stream)

    for process, expected in ((generator, [2, 3]), (coroutine, [[1, 2]]), (function, [3])):
        runner = make(process, True)
        assert list(runner.push(1)) == []
        assert list(runner.push(2)) == []
        assert list(runner.finish()) == expected


def test_streaming_error_surfaces_at_the_item(both):
    async def process(self, stream):
        async for item in stream:
            yield 1 // item

    runner = make(process, True)
    assert list(runner.push(1)) == [1]
    with pytest.raises(ZeroDivisionError):
        list(runner.push(0))


def test_streaming_with_helper_tasks(both):
    async def process(self, stream):
        queue = asyncio.Queue()

        async def feed():
            async for item in stream:
                await queue.put(item)
            await queue.put(None)

        task = asyncio.create_task(feed())
        while (item := await queue.get()) is not None:
            yield item
        await task

    runner = make(process, True)
    assert [*runner.push(1), *runner.push(2), *runner.finish()] == [1, 2]


def test_streaming_with_wait_for(both):
    async def process(self, stream):
        items = aiter(stream)
        while True:
            try:
                yield await asyncio.wait_for(anext(items), 600)
            except StopAsyncIteration:
                return

    runner = make(process, True)
    assert [*runner.push(1), *runner.push(2), *runner.finish()] == [1, 2]


def test_cleanup_stops_a_stream_half_way(both):
    closed = []

    async def process(self, stream):
        try:
            async for item in stream:
                yield item
        finally:
            closed.append(True)

    runner = make(process, True)
    assert list(runner.push(1)) == [1]
    runner.cleanup()
    assert closed == [True]


def test_two_streams_on_one_loop(both):
    async def process(self, stream):
        async for item in stream:
            await asyncio.sleep(0)
            yield item + 1

    first, second = make(process, True), make(process, True)
    result = [out for item in range(3) for mid in first.push(item) for out in second.push(mid)]
    assert result == [2, 3, 4]


def test_sources(both):
    async def agen(self):
        yield 1
        yield 2

    def gen(self):
        yield 1
        yield 2

    left = [1, 2]

    def plain(self):
        return left.pop(0) if left else None

    async def coroutine(self):
        return left.pop(0) if left else None

    for process in (agen, gen, plain, coroutine):
        left[:] = [1, 2]
        runner = make(process)
        assert runner.source
        assert list(runner.produce()) == [1, 2]

    def with_item(self, data):
        assert data is None
        yield 1

    runner = make(with_item, is_source=True)
    assert runner.source
    assert list(runner.produce()) == [1]
    assert not make(with_item).source


def test_lifecycle_in_every_form(both):
    calls = []

    class Sync(Plain):
        def initialize(self):
            calls.append("init")

        def cleanup(self):
            calls.append("clean")

    class Async(Plain):
        async def initialize(self):
            await super().initialize()
            await asyncio.sleep(0)
            calls.append("init")

        async def cleanup(self):
            await super().cleanup()
            calls.append("clean")

    for cls in (Sync, Async):
        calls.clear()
        runner = Runner(cls())
        runner.initialize()
        runner.cleanup()
        assert calls == ["init", "clean"]
    runner = Runner(Plain())
    runner.initialize()
    assert runner.node.is_initialized
    runner.cleanup()
    assert not runner.node.is_initialized


@pytest.mark.parametrize("form", ["plain", "coroutine", "generator", "async generator", "none"])
def test_flush_in_every_form(both, form):
    async def coroutine(self):
        return [1]

    def generator(self):
        yield 1
        yield 2

    async def agen(self):
        yield 1

    flush, expected = {
        "plain": (lambda self: [1, 2], [[1, 2]]),
        "coroutine": (coroutine, [[1]]),
        "generator": (generator, [1, 2]),
        "async generator": (agen, [1]),
        "none": (lambda self: None, []),
    }[form]
    assert list(make(lambda self, data: data, flush=flush).finish()) == expected


def test_a_class_that_is_no_node():
    class Duck:
        def process(self, data):
            return data

    runner = Runner(Duck())
    runner.initialize()
    assert list(expand(runner.process(1))) == [1]
    assert list(runner.finish()) == []
    runner.cleanup()


def test_waiting_for_nothing_is_an_error(both):
    async def forever():
        await asyncio.get_running_loop().create_future()

    with pytest.raises(RuntimeError, match="never happen.*forever"):
        list(expand(forever()))


def test_stepping_inside_a_running_loop_is_refused():
    async def inner():
        return 1

    async def outer():
        return list(expand(inner()))

    with pytest.raises(RuntimeError, match="running event loop"):
        asyncio.run(outer())


def test_asyncio_run_inside_process(both):
    async def inner():
        await asyncio.sleep(0)
        return 7

    runner = make(lambda self, data: asyncio.run(inner()))
    assert list(expand(runner.process(1))) == [7]


def test_close_runtime_cancels_what_is_left(both):
    ended = []

    async def background():
        try:
            await asyncio.sleep(60)
        finally:
            ended.append(True)

    tasks = []

    async def start():
        tasks.append(asyncio.create_task(background()))
        await asyncio.sleep(0)

    list(expand(start()))
    close_runtime()
    assert ended == [True]
    close_runtime()
