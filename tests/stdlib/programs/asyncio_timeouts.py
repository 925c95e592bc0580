"""timeout, timeout_at, wait_for, rescheduling, shielded work."""

import asyncio

# The long one is never met, however busy the machine is.
INPUT = {"short": 5, "long": 600_000}


class Program:
    async def process(self, item):
        short, long = item["short"] / 1000, item["long"] / 1000
        log = []

        async def slow():
            try:
                await asyncio.sleep(long)
                return "slow"
            except asyncio.CancelledError:
                log.append("cancelled")
                raise

        try:
            async with asyncio.timeout(short):
                await slow()
        except TimeoutError:
            log.append("timeout")
        try:
            await asyncio.wait_for(slow(), short)
        except asyncio.TimeoutError:
            log.append("wait_for")
        quick = await asyncio.wait_for(asyncio.sleep(0, "quick"), long)
        async with asyncio.timeout(short) as scope:
            scope.reschedule(asyncio.get_running_loop().time() + long)
            await asyncio.sleep(2 * short)
        async with asyncio.timeout(None):
            pass
        inner = asyncio.ensure_future(asyncio.sleep(3 * short, "kept"))
        try:
            await asyncio.wait_for(asyncio.shield(inner), short)
        except TimeoutError:
            log.append("shielded")
        try:
            async with asyncio.timeout(long):
                async with asyncio.timeout(short):
                    await asyncio.sleep(long)
        except TimeoutError:
            log.append("inner")
        return {"log": log, "quick": quick, "expired": scope.expired(), "kept": await inner}
