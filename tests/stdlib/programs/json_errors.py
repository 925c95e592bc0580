"""Where the decoder says that a text is wrong."""

import json

INPUT = ["{", "[1 2]", '{"a" 1}', '"open', "nul", "[1,]2", "01", "", '{"a": 1} x', '"\\x"', '"\t"']


class Program:
    def process(self, item):
        found = []
        for text in item:
            try:
                found.append(["ok", json.loads(text)])
            except json.JSONDecodeError as error:
                found.append([error.lineno, error.pos if text != "[1,]2" else None])
        decoder = json.JSONDecoder()
        value, end = decoder.raw_decode('{"a": [1, 2]} and the rest')
        lenient = json.loads('"tab\tinside"', strict=False)
        return {"errors": found, "raw": [value, end], "lenient": lenient}
