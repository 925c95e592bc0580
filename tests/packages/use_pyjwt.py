"""pyjwt==2.15.1: tokens that are signed"""


class Use:
    def process(self, item):
        import jwt

        key = "a secret that is long enough for this"
        token = jwt.encode({"user": "me", "exp": 4_000_000_000}, key, algorithm="HS256")
        assert jwt.decode(token, key, algorithms=["HS256"])["user"] == "me"
        try:
            jwt.decode(token, key + "!", algorithms=["HS256"])
        except jwt.InvalidSignatureError:
            return jwt.get_unverified_header(token)
