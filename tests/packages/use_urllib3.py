"""urllib3==2.8.0: URLs, query strings and multipart bodies"""


class Use:
    def process(self, item):
        from urllib3 import encode_multipart_formdata
        from urllib3.util import parse_url, Retry

        url = parse_url("https://user@example.org:8443/a/b?c=d#e")
        assert (url.host, url.port, url.path) == ("example.org", 8443, "/a/b")
        body, kind = encode_multipart_formdata({"name": ("a.txt", "text")}, boundary="x")
        assert b'filename="a.txt"' in body and kind.endswith("boundary=x")
        assert Retry(3).increment("GET", "/").total == 2
        return url.request_uri
