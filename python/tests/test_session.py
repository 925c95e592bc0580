from __future__ import annotations

import asyncio
import sys
import threading

import pytest

from remotemedia import PipelineRunError, run, session, to_node

LOG: list[str] = []
HERE = __name__


class Log:
    def process(self, data):
        if data == "fail":
            raise ValueError("as asked")
        return data

    def flush(self):
        return "flushed"

    def cleanup(self):
        LOG.append("cleanup")


class Counts:
    def process(self):
        yield from range(3)


class Background:
    """Has a task that lives as long as the session."""

    async def initialize(self):
        import asyncio

        self.queue = asyncio.Queue()
        self.task = asyncio.create_task(self.work())

    async def work(self):
        while True:
            item, done = await self.queue.get()
            done.set_result(item + 1)

    async def process(self, item):
        import asyncio

        done = asyncio.get_running_loop().create_future()
        await self.queue.put((item, done))
        return await done

    async def cleanup(self):
        self.task.cancel()


@pytest.fixture(autouse=True)
def _own_module(monkeypatch):
    LOG.clear()
    monkeypatch.setitem(sys.modules, HERE, sys.modules[__name__])


def one(kind):
    kind = kind if kind[0].islower() else f"{HERE}:{kind}"
    return {"version": "v1", "nodes": [{"id": "a", "node_type": kind}]}


def test_items_one_by_one():
    with session(one("Log")) as opened:
        assert opened.push(1) == [1]
        assert list(opened.feed(2)) == [2]
        assert opened.push(to_node("a", 3)) == [3]
        result = opened.finish()
    assert result.outputs == ["flushed"]
    assert result.metrics[0]["items_in"] == 3
    assert LOG == ["cleanup"]


def test_leaving_cleans_up_without_flushing():
    with session(one("Log")) as opened:
        opened.push(1)
    assert LOG == ["cleanup"]
    with pytest.raises(RuntimeError, match="closed"):
        opened.push(1)


def test_a_failure_ends_it():
    with session(one("Log")) as opened:
        with pytest.raises(PipelineRunError) as caught:
            opened.push("fail")
        assert isinstance(caught.value.__cause__, ValueError)
        assert LOG == ["cleanup"]
        with pytest.raises(PipelineRunError) as caught:
            opened.push(1)
        assert caught.value.kind == "session-closed"


def test_a_source_is_read():
    with session(one("Counts")) as opened:
        assert opened.pull() == [0]
        assert list(opened) == [1, 2]
        assert opened.pull() is None


def test_stream():
    assert list(session(one("Log")).stream(iter([1, 2]))) == [1, 2, "flushed"]


def test_tasks_live_from_item_to_item_and_sessions_are_apart():
    with session(one("Background")) as first, session(one("Background")) as second:
        assert [first.push(1), second.push(10), first.push(2), second.push(20)] == [
            [2],
            [11],
            [3],
            [21],
        ]


@pytest.mark.skipif(sys.platform == "wasi", reason="starts a thread")
class Together:
    """Two calls at a time, the first of which ends after the second began."""

    max_concurrency = 2

    def __init__(self):
        self.begun = 0

    async def process(self, item):
        self.begun += 1
        await asyncio.sleep(0)
        return [item, self.begun]


def test_a_push_waits_for_calls_that_are_under_way():
    with session(one("Together")) as opened:
        assert opened.push("a") == [["a", 1]]
        assert opened.push("b") == [["b", 2]]
        assert opened.finish().outputs == []
    together = run(one("Together"), inputs=["a", "b"])
    assert together.outputs == [["a", 2], ["b", 2]]


def test_another_thread_is_refused():
    found = []

    def push():
        try:
            opened.push(1)
        except RuntimeError as error:
            found.append(str(error))

    with session(one("Log")) as opened:
        thread = threading.Thread(target=push)
        thread.start()
        thread.join()
        assert "thread that opened it" in found[0]
        assert opened.push(1) == [1]


def test_a_session_inside_a_run(monkeypatch):
    from remotemedia import run

    class Nested:
        async def process(self, data):
            return data

        def flush(self):
            with session(one("Background")) as opened:
                return opened.push(1)

    monkeypatch.setattr(sys.modules[HERE], "Nested", Nested, raising=False)
    assert run(one("Nested"), [5]).outputs == [5, [2]]
