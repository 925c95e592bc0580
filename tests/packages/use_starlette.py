"""starlette==1.10.0: an ASGI application, called directly"""


class Use:
    def process(self, item):
        import asyncio

        from starlette.applications import Starlette
        from starlette.responses import JSONResponse
        from starlette.routing import Route

        async def home(request):
            return JSONResponse({"q": request.query_params["q"]})

        app = Starlette(routes=[Route("/{name}", home)])
        sent = []

        async def receive():
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message):
            sent.append(message)

        scope = {
            "type": "http",
            "method": "GET",
            "path": "/a",
            "raw_path": b"/a",
            "root_path": "",
            "query_string": b"q=1",
            "headers": [],
            "scheme": "http",
            "server": ("a", 80),
            "http_version": "1.1",
        }
        asyncio.run(app(scope, receive, send))
        assert sent[0]["status"] == 200 and sent[1]["body"] == b'{"q":"1"}'
        return sent[0]["status"]
