"""flask==3.1.3: an application, asked by its own client"""


class Use:
    def process(self, item):
        from flask import Flask, jsonify, request, session

        app = Flask("app")
        app.secret_key = "x"

        @app.post("/sum")
        def total():
            session["seen"] = True
            return jsonify(total=sum(request.get_json()))

        with app.test_client() as client:
            response = client.post("/sum", json=[1, 2, 3])
            assert response.get_json() == {"total": 6}
            assert client.get("/none").status_code == 404
        return response.status_code
