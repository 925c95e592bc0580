"""requests==2.34.2: a prepared request, and a session with an adapter of its own"""


class Use:
    def process(self, item):
        import requests
        from requests.adapters import BaseAdapter

        class Canned(BaseAdapter):
            def send(self, request, **options):
                response = requests.Response()
                response.status_code = 200
                response.headers["content-type"] = "application/json"
                response._content = b'{"url": "%s"}' % request.url.encode()
                response.request, response.url = request, request.url
                return response

            def close(self):
                pass

        session = requests.Session()
        session.mount("https://", Canned())
        response = session.get("https://example.org/a", params={"q": "1 2"})
        assert response.json() == {"url": "https://example.org/a?q=1+2"}
        return response.status_code
