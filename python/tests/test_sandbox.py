"""The loop and the patches of the sandbox, tried natively."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextvars
import hashlib
import queue
import random
import sys
import threading
import time

import pytest

from remotemedia.runtime import embedded, libc, patches
from remotemedia.runtime.sandbox_loop import SandboxEventLoop

pytestmark = pytest.mark.usefixtures("sandbox")


def test_asyncio_run_uses_the_loop():
    async def main():
        return type(asyncio.get_running_loop())

    assert asyncio.run(main()) is SandboxEventLoop
    with asyncio.Runner() as runner:
        assert runner.run(main()) is SandboxEventLoop
    loop = asyncio.new_event_loop()
    assert type(loop) is SandboxEventLoop
    loop.close()


def test_everyday_asyncio():
    async def main():
        order = []

        async def step(name, before=()):
            while not set(before) <= set(order):
                await asyncio.sleep(0.001)
            order.append(name)
            return name

        assert await asyncio.gather(step("b", "a"), step("a")) == ["b", "a"]
        assert order == ["a", "b"]
        async with asyncio.TaskGroup() as group:
            group.create_task(step("c"))
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(asyncio.sleep(600), 0.001)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.001):
                await asyncio.sleep(600)
        task = asyncio.create_task(asyncio.sleep(600))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        items = asyncio.Queue(1)
        event = asyncio.Event()

        async def produce():
            for i in range(3):
                await items.put(i)
            event.set()

        producer = asyncio.create_task(produce())
        assert [await items.get() for _ in range(3)] == [0, 1, 2]
        await event.wait()
        await producer
        async with asyncio.Lock(), asyncio.Semaphore(1):
            pass
        return "done"

    assert asyncio.run(main()) == "done"


def test_sleep_takes_its_time():
    begin = time.monotonic()
    asyncio.run(asyncio.sleep(0.02))
    assert time.monotonic() - begin >= 0.019


def test_async_generators_are_shut_down():
    closed = []

    async def generate():
        try:
            yield 1
            yield 2
        finally:
            closed.append(True)

    async def main():
        async for _ in generate():
            break
        await asyncio.sleep(0)

    asyncio.run(main())
    assert closed == [True]


def test_executors_run_in_line():
    variable = contextvars.ContextVar("variable", default=0)

    async def main():
        variable.set(5)
        assert await asyncio.to_thread(variable.get) == 5
        loop = asyncio.get_running_loop()
        assert await loop.run_in_executor(None, lambda: 2) == 2
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            assert await loop.run_in_executor(pool, pow, 2, 3) == 8
        with pytest.raises(ValueError, match="bad"):
            await asyncio.to_thread(_raise, ValueError("bad"))
        with pytest.raises(RuntimeError, match="StopIteration"):
            await asyncio.to_thread(_raise, StopIteration())

    asyncio.run(main())


def test_inline_calls_may_run_loops_of_their_own():
    async def inner():
        return asyncio.current_task() is not None

    async def main():
        before = asyncio.current_task()
        assert await asyncio.to_thread(asyncio.run, inner())
        with concurrent.futures.ThreadPoolExecutor() as pool:
            assert pool.submit(asyncio.run, inner()).result()
        assert asyncio.current_task() is before
        await asyncio.sleep(0)

    asyncio.run(main())


def _raise(error):
    raise error


def test_thread_pool():
    started = []
    pool = concurrent.futures.ThreadPoolExecutor(4, initializer=started.append, initargs=(1,))
    with pool:
        future = pool.submit(threading.get_ident)
        assert future.done() and future.result() == threading.get_ident()
        assert list(pool.map(abs, [-1, -2])) == [1, 2]
        assert isinstance(pool.submit(_raise, KeyError("x")).exception(), KeyError)
        assert [f.result() for f in concurrent.futures.as_completed([pool.submit(int)])] == [0]
    assert started == [1]
    with pytest.raises(RuntimeError, match="after shutdown"):
        pool.submit(int)


def test_threads_say_what_to_use():
    with pytest.raises(RuntimeError, match="asyncio tasks.*ThreadPoolExecutor"):
        threading.Thread(target=print).start()


def test_processes_say_what_to_use():
    import multiprocessing
    import multiprocessing.pool

    for start in (
        multiprocessing.Process(target=print).start,
        multiprocessing.Pool,
        multiprocessing.pool.ThreadPool,
    ):
        with pytest.raises(RuntimeError, match="sandbox.*ThreadPoolExecutor"):
            start()


def test_waiting_for_another_thread_is_an_error():
    event = threading.Event()
    for wait in (event.wait, queue.Queue().get, queue.SimpleQueue().get):
        with pytest.raises(RuntimeError, match="never happen"):
            wait()
    with pytest.raises(RuntimeError, match="never happen"):
        concurrent.futures.Future().result()
    assert event.wait(0.001) is False
    with pytest.raises(queue.Empty):
        queue.Queue().get(timeout=0.001)
    event.set()
    assert event.wait() is True
    with threading.Lock(), threading.RLock(), threading.Semaphore(), threading.Condition():
        pass


def test_no_progress_is_an_error():
    async def main():
        await asyncio.Event().wait()

    with pytest.raises(RuntimeError, match="never happen.*test_no_progress.*test_sandbox.py"):
        asyncio.run(main())


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: asyncio.open_connection("example.org", 80), "no sockets"),
        (lambda: asyncio.create_subprocess_exec("ls"), "no subprocesses"),
        (lambda: _soon(lambda loop: loop.add_reader(0, print)), "ordinary calls"),
        (lambda: _soon(lambda loop: loop.add_signal_handler(2, print)), "signals"),
    ],
)
def test_what_is_missing_says_so(call, message):
    async def main():
        await call()

    with pytest.raises(NotImplementedError, match=message):
        asyncio.run(main())


async def _soon(function):
    function(asyncio.get_running_loop())


def test_patches_are_applied_on_import(monkeypatch):
    import importlib

    monkeypatch.delitem(sys.modules, "queue")
    fresh = importlib.import_module("queue")
    assert fresh.SimpleQueue is fresh._PySimpleQueue
    assert type(fresh.__spec__.loader).__name__ == "SourceFileLoader"


@pytest.mark.skipif(sys.platform == "wasi", reason="starts a thread")
def test_remove_undoes():
    patches.remove()
    thread = threading.Thread(target=int)
    thread.start()
    thread.join()
    loop = asyncio.new_event_loop()
    assert not isinstance(loop, SandboxEventLoop)
    loop.close()


def test_preload():
    embedded.preload()
    assert "remotemedia.runtime.loop" in sys.modules


def test_refresh_reseeds():
    random.seed(1)
    first = random.random()
    random.seed(1)
    embedded.refresh()
    assert random.random() != first


def test_process_time_begins_anew(monkeypatch):
    begin = time.perf_counter_ns()
    monkeypatch.setattr(libc, "_begin", begin)
    first, second = libc.process_time() * 1e9, libc.process_time_ns()
    passed = time.perf_counter_ns() - begin
    # Seconds as a float are a little off.
    assert 0 <= first <= passed + 1000
    assert 0 < second <= passed


def test_renewed_code_does_the_same():
    def outer(number):
        def inner(more):
            return number + more

        return inner

    assert outer(1)(2) == 3
    before = outer.__code__
    codes = embedded.watch_code()
    outer(1)(2)
    embedded.renew_code([outer], codes)
    assert outer.__code__ is not before
    assert outer(1)(2) == 3
    again = outer.__code__
    embedded.renew_code([outer])
    assert outer.__code__ is not again
    assert outer(1)(2) == 3


@pytest.mark.parametrize("flags", ["", "-", "_", "0", "^", "#"])
def test_strftime_is_as_elsewhere(flags):
    stamp = (2024, 1, 5, 3, 4, 9, 4, 5, 0)
    known = "aAbBcCdDeFgGhHIjklmMnpPrRsStTuUVwWxXyYzZ%"
    for letter in known if flags else known + "fiNQ ~!.":
        format = f"a%{flags}{letter}b"
        assert libc.strftime(format, stamp) == time.strftime(format, stamp), format


def test_pbkdf2_is_as_elsewhere():
    for name in ("sha1", "sha256", "sha512"):
        for length in (None, 1, 20, 100):
            arguments = (name, b"password", b"salt", 7, length)
            assert patches._pbkdf2_hmac(*arguments) == hashlib.pbkdf2_hmac(*arguments)
