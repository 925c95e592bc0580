"""Futures, callbacks, call_soon, call_later and their order."""

import asyncio

INPUT = [30, 10, 20]


class Program:
    async def process(self, item):
        loop = asyncio.get_running_loop()
        log = []
        future = loop.create_future()
        future.add_done_callback(lambda f: log.append(["done", f.result()]))
        loop.call_soon(log.append, "soon")
        for ms in item:
            loop.call_later(ms / 1000, log.append, ms)
        handle = loop.call_later(0.005, log.append, "never")
        handle.cancel()
        loop.call_at(loop.time() + 0.04, future.set_result, "set")
        log.append("first")
        result = await future
        await asyncio.sleep(0)
        task = asyncio.create_task(asyncio.sleep(0, "value"), name="named")
        names = [task.get_name(), task in asyncio.all_tasks()]
        task.add_done_callback(lambda t: log.append(t.get_name()))
        await task
        await asyncio.sleep(0)
        failing = loop.create_future()
        failing.set_exception(KeyError("k"))
        errors = [type(failing.exception()).__name__]
        try:
            failing.set_result(1)
        except asyncio.InvalidStateError as error:
            errors.append(type(error).__name__)
        reports = []
        loop.set_exception_handler(lambda loop, context: reports.append(type(context["exception"]).__name__))
        loop.call_soon(lambda: 1 / 0)
        await asyncio.sleep(0)
        loop.set_exception_handler(None)
        return {"log": log, "result": result, "names": names, "cancelled": handle.cancelled(), "errors": errors, "reports": reports}
