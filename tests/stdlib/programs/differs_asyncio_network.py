"""A server of asyncio."""

import asyncio

INPUT = "hello"


class Program:
    async def process(self, item):
        async def serve(reader, writer):
            writer.write((await reader.readline()).upper())
            writer.close()

        try:
            server = await asyncio.start_server(serve, "127.0.0.1", 0)
        except NotImplementedError as error:
            return {"error": type(error).__name__}
        async with server:
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            writer.write(item.encode() + b"\n")
            answer = await reader.read()
            writer.close()
        return {"answer": answer.decode()}
