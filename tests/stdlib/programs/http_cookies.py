"""Cookies written and parsed; statuses by number."""

from http import HTTPStatus
from http.cookies import CookieError, Morsel, SimpleCookie

INPUT = 'session=abc123; theme="dark mode"; count=3; bad'


class Program:
    def process(self, item):
        parsed = SimpleCookie("session=abc123; theme=\"dark mode\"; count=3")
        made = SimpleCookie()
        made["id"] = "42"
        made["id"]["path"] = "/"
        made["id"]["max-age"] = 3600
        made["id"]["httponly"] = True
        made["id"]["samesite"] = "Lax"
        made["text"] = "a;b,c"
        try:
            made["bad name"] = "x"
        except CookieError as error:
            refused = type(error).__name__
        morsel = Morsel()
        morsel.set("k", "v", "v")
        return {
            "given": item.count("="),
            "parsed": {name: cookie.value for name, cookie in parsed.items()},
            "output": made["id"].OutputString().split("; "),
            "quoted": made["text"].OutputString().split("=", 1)[0],
            "text": SimpleCookie(made["text"].OutputString())["text"].value,
            "header": made.output(attrs=[], header="Cookie:", sep=" ").startswith("Cookie: id=42"),
            "refused": refused,
            "status": [HTTPStatus.NOT_FOUND.phrase, HTTPStatus(200).name, int(HTTPStatus.IM_A_TEAPOT)],
            "morsel": [morsel.key, morsel.coded_value, morsel["path"]],
        }
