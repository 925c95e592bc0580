"""httpx==0.28.1: a client with a transport of its own"""


class Use:
    def process(self, item):
        import asyncio

        import httpx

        def answer(request):
            return httpx.Response(200, json={"path": request.url.path})

        with httpx.Client(
            transport=httpx.MockTransport(answer), base_url="https://x.org"
        ) as client:
            assert client.get("/a", params={"b": "c"}).json() == {"path": "/a"}

        async def main():
            async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
                return (await client.post("https://x.org/z", json=[1])).json()

        assert asyncio.run(main()) == {"path": "/z"}
        return "answered"
