"""Context variables: tokens, copied contexts, tasks that inherit them."""

import asyncio
import contextvars

INPUT = ["a", "b", "c"]

user = contextvars.ContextVar("user", default="nobody")
depth = contextvars.ContextVar("depth")


class Program:
    async def process(self, item):
        seen = []
        token = user.set("outer")
        context = contextvars.copy_context()

        def inside(name):
            user.set(name)
            return user.get()

        ran = context.run(inside, "inner")

        async def task(name):
            user.set(name)
            await asyncio.sleep(0)
            seen.append(user.get())
            return user.get()

        results = await asyncio.gather(*(task(name) for name in item))
        after = user.get()
        old = token.old_value is contextvars.Token.MISSING
        user.reset(token)
        try:
            depth.get()
        except LookupError as error:
            missing = type(error).__name__
        return {
            "ran": [ran, context[user], after, user.get()],
            "results": results,
            "seen": seen,
            "old": old,
            "missing": [missing, depth.get("fallback")],
            "names": sorted(var.name for var in context if var.name == "user"),
        }
