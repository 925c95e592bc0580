"""Codecs: incremental decoding, error handlers, BOMs, transforms, stream readers."""

import codecs
import io

INPUT = "naïve café – 日本 🎵"


class Program:
    def process(self, item):
        data = item.encode("utf-8")
        decoder = codecs.getincrementaldecoder("utf-8")()
        pieces = [decoder.decode(data[at : at + 1]) for at in range(len(data))]

        def star(error):
            return ("*" * (error.end - error.start), error.end)

        codecs.register_error("star", star)
        handlers = ("ignore", "replace", "xmlcharrefreplace", "backslashreplace", "namereplace", "star")
        reader = codecs.getreader("utf-16")(io.BytesIO("a\nbé".encode("utf-16")))
        errors = []
        for raw, name in ((b"\xff\xfe", "utf-8"), (b"\xc3", "utf-8"), (b"\xff", "ascii")):
            try:
                errors.append(raw.decode(name))
            except UnicodeDecodeError as error:
                errors.append([error.start, error.end, error.encoding])
        return {
            "pieces": sum(1 for p in pieces if p),
            "joined": "".join(pieces) == item,
            "handlers": {h: item.encode("ascii", h) for h in handlers},
            "boms": [codecs.BOM_UTF8, "\ufeffx".encode("utf-16-be"), b"\xef\xbb\xbfx".decode("utf-8-sig")],
            "transforms": [codecs.encode("Hello", "rot13"), codecs.encode(b"hi", "hex"), codecs.decode(b"aGk=", "base64")],
            "reader": reader.readlines(),
            "surrogates": b"a\xff".decode("utf-8", "surrogateescape").encode("utf-8", "surrogateescape"),
            "errors": errors,
            "lookup": [codecs.lookup("UTF8").name, codecs.lookup("latin1").name],
            "iter": b"".join(codecs.iterencode(["a", "é"], "utf-8")),
            "escape": [codecs.escape_decode(rb"\x41\n")[0], "é\n".encode("unicode_escape")],
        }
