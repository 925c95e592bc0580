"""oauthlib==4.0.1: a request signed by OAuth 1"""


class Use:
    def process(self, item):
        from oauthlib.oauth1 import Client

        client = Client("key", client_secret="secret", nonce="1", timestamp="2")
        uri, headers, body = client.sign("https://example.org/?a=b")
        assert 'oauth_signature="' in headers["Authorization"]
        return uri
