"""aiohttp==3.14.5: parts of it that need no network"""


class Use:
    def process(self, item):
        import asyncio

        from aiohttp import web
        from aiohttp.test_utils import make_mocked_request

        async def handle(request):
            return web.json_response({"name": request.match_info.get("name", "x")})

        async def main():
            response = await handle(make_mocked_request("GET", "/a"))
            return response.status, response.text

        assert asyncio.run(main()) == (200, '{"name": "x"}')
        return "handled"
