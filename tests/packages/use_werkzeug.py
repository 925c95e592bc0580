"""werkzeug==3.1.9: requests, responses and routes of WSGI"""


class Use:
    def process(self, item):
        from werkzeug.routing import Map, Rule
        from werkzeug.test import Client
        from werkzeug.wrappers import Request, Response

        urls = Map([Rule("/hello/<name>", endpoint="hello")])

        @Request.application
        def application(request):
            _, values = urls.bind_to_environ(request.environ).match()
            return Response(f"{request.method} {values['name']} {request.args.get('q')}")

        response = Client(application).get("/hello/you?q=ä")
        assert response.status_code == 200 and response.text == "GET you ä"
        return response.text
