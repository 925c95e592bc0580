"""itsdangerous==2.2.0: data that was not changed"""


class Use:
    def process(self, item):
        from itsdangerous import BadSignature, URLSafeTimedSerializer

        serializer = URLSafeTimedSerializer("secret")
        text = serializer.dumps({"id": 1})
        assert serializer.loads(text, max_age=60) == {"id": 1}
        try:
            serializer.loads(text + "x")
        except BadSignature:
            return "refused"
