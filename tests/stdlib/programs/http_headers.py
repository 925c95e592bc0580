"""HTTP headers and an answer parsed from bytes, no network."""

import http.client
import io

INPUT = "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nX-Many: a\r\nX-Many: b\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n7\r\n, world\r\n0\r\n\r\n"


class Socket:
    def __init__(self, data):
        self.data = data

    def makefile(self, mode):
        return io.BytesIO(self.data)


class Program:
    def process(self, item):
        response = http.client.HTTPResponse(Socket(item.encode()))
        response.begin()
        headers = http.client.parse_headers(io.BytesIO(b"A: 1\r\nB: two\r\n words\r\n\r\nrest"))
        broken = http.client.HTTPResponse(Socket(b"nonsense\r\n\r\n"))
        try:
            broken.begin()
        except http.client.BadStatusLine as error:
            refused = type(error).__name__
        return {
            "status": [response.status, response.reason, response.version],
            "type": response.getheader("content-type"),
            "many": response.headers.get_all("x-many"),
            "charset": response.headers.get_content_charset(),
            "body": response.read(),
            "headers": [[k, " ".join(v.split())] for k, v in headers.items()],
            "refused": refused,
            "codes": [http.client.responses[418], int(http.client.NOT_FOUND)],
        }
