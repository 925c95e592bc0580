"""URLs taken apart, joined, quoted; query strings."""

from urllib.parse import (
    parse_qs,
    parse_qsl,
    quote,
    quote_plus,
    unquote,
    unquote_plus,
    urldefrag,
    urlencode,
    urljoin,
    urlsplit,
    urlunsplit,
)

INPUT = "https://user:pw@example.com:8443/a%20b/c;p?q=1&q=two+words&empty=&u=%C3%A9#frag"


class Program:
    def process(self, item):
        parts = urlsplit(item)
        joined = {r: urljoin("http://h/a/b/c?x", r) for r in ("d", "../d", "/d", "?y", "#z", "//o/p", "../../../e")}
        try:
            urlsplit("http://[::1")
        except ValueError as error:
            refused = type(error).__name__
        return {
            "parts": list(parts),
            "host": [parts.hostname, parts.port, parts.username, parts.password],
            "back": urlunsplit(parts) == item,
            "query": parse_qs(parts.query, keep_blank_values=True),
            "list": parse_qsl(parts.query),
            "joined": joined,
            "quoted": [quote("a b/é?"), quote("a/b", safe=""), quote_plus("a b&c"), quote(b"\xff")],
            "unquoted": [unquote("%C3%A9%zz+"), unquote_plus("a+b%26"), unquote("%E9", encoding="latin-1")],
            "encoded": [urlencode({"a": "1 2", "b": "é"}), urlencode([("k", [1, 2])], doseq=True)],
            "fragment": list(urldefrag("http://x/y#z")),
            "changed": parts._replace(scheme="http", fragment="").geturl(),
            "refused": refused,
        }
