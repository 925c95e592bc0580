"""Async context managers and AsyncExitStack."""

import contextlib

INPUT = ["db", "cache", "queue"]


class Program:
    async def process(self, item):
        events = []

        @contextlib.asynccontextmanager
        async def resource(name):
            events.append(f"+{name}")
            try:
                yield name
            finally:
                events.append(f"-{name}")

        class Closer:
            async def aclose(self):
                events.append("aclosed")

        async with contextlib.AsyncExitStack() as stack:
            for name in item:
                await stack.enter_async_context(resource(name))
            stack.push_async_callback(Closer().aclose)
            events.append("work")
        async with contextlib.aclosing(Closer()):
            events.append("inside")
        try:
            async with resource("failing"):
                raise RuntimeError("x")
        except RuntimeError:
            events.append("raised")

        @resource("decorator")
        async def decorated():
            return 42

        return {"events": events, "decorated": await decorated(), "after": events[-2:]}
