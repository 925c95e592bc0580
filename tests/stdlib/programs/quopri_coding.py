"""Quoted printable text, in memory."""

import io
import quopri

INPUT = "Überraschung = 5 €\tende \nand a very long line "


class Program:
    def process(self, item):
        item += "x" * 80
        data = item.encode("utf-8")
        encoded = quopri.encodestring(data)
        out = io.BytesIO()
        quopri.encode(io.BytesIO(data), out, quotetabs=True)
        back = io.BytesIO()
        quopri.decode(io.BytesIO(out.getvalue()), back)
        return {
            "encoded": encoded.decode("ascii").split("\n"),
            "lines": max(map(len, encoded.split(b"\n"))) <= 76,
            "back": quopri.decodestring(encoded).decode() == item,
            "stream": back.getvalue() == data,
            "tabs": out.getvalue().count(b"=09"),
            "header": quopri.decodestring("a_b=20c", header=True),
            "broken": quopri.decodestring(b"=zz =4 =\nx"),
        }
