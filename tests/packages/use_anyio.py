"""anyio==4.16.0: tasks in groups, streams between them"""


class Use:
    def process(self, item):
        import anyio

        async def main():
            send, receive = anyio.create_memory_object_stream(10)
            seen = []

            async def producer():
                async with send:
                    for n in range(3):
                        await send.send(n)

            async def consumer():
                async with receive:
                    async for n in receive:
                        seen.append(n)

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(producer)
                tasks.start_soon(consumer)
            with anyio.move_on_after(0.01) as scope:
                await anyio.sleep(10)
            assert scope.cancelled_caught
            return seen

        assert anyio.run(main) == [0, 1, 2]
        return "run"
