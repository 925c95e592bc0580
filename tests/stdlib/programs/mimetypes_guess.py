"""Media types by file name. Only the built-in table is asked."""

import mimetypes

INPUT = ["a.html", "b.tar.gz", "c.PNG", "d.json", "e.unknown-ext", "f.txt", "g.py", "h.mp3", "http://x.org/i.css"]


class Program:
    def process(self, item):
        types = mimetypes.MimeTypes()
        types.add_type("application/x-pipeline", ".rmpkg")
        return {
            "types": {name: types.guess_type(name) for name in item},
            "own": types.guess_type("x.rmpkg"),
            "extension": types.guess_extension("image/png"),
            "all": sorted(types.guess_all_extensions("text/html")),
            "data": types.guess_type("data:text/csv;base64,AAAA"),
        }
