"""Base 16, 32, 64, 85 and Ascii85, there and back, with errors."""

import base64
import binascii

INPUT = [0, 255, 16, 128, 3, 250, 62, 63, 64, 7]


class Program:
    def process(self, item):
        data = bytes(item)
        codings = {
            "b16": (base64.b16encode, base64.b16decode),
            "b32": (base64.b32encode, base64.b32decode),
            "b32hex": (base64.b32hexencode, base64.b32hexdecode),
            "b64": (base64.b64encode, base64.b64decode),
            "urlsafe": (base64.urlsafe_b64encode, base64.urlsafe_b64decode),
            "a85": (base64.a85encode, base64.a85decode),
            "b85": (base64.b85encode, base64.b85decode),
        }
        bad = []
        for text in (b"abc", b"a=bc", b"ab$d"):
            try:
                bad.append(base64.b64decode(text, validate=True))
            except binascii.Error as error:
                bad.append(type(error).__name__)
        return {
            "encoded": {name: encode(data).decode() for name, (encode, _) in codings.items()},
            "back": [decode(encode(data)) == data for encode, decode in codings.values()],
            "altchars": base64.b64encode(data, altchars=b"-_"),
            "lines": base64.encodebytes(bytes(range(100))).count(b"\n"),
            "wrapped": base64.a85encode(b"hello world" * 5, wrapcol=20, adobe=True),
            "folded": base64.b32decode("mzxw6===", casefold=True),
            "bad": bad,
            "hex": [binascii.hexlify(data, "-", 2), binascii.unhexlify("00ff")],
        }
