"""A message catalogue made in memory: plurals, contexts, fallbacks."""

import gettext
import io
import struct

INPUT = {"": "Content-Type: text/plain; charset=UTF-8\nPlural-Forms: nplurals=2; plural=n != 1;\n", "hello": "hallo", "one file\0%d files": "eine Datei\0%d Dateien", "menu\x04open": "öffnen"}


def catalogue(messages):
    ids = sorted(messages)
    keys, values = b"", b""
    places = []
    for key in ids:
        a, b = key.encode(), messages[key].encode()
        places.append((len(a), len(keys), len(b), len(values)))
        keys += a + b"\0"
        values += b + b"\0"
    start = 28 + 16 * len(ids)
    table = b"".join(struct.pack("<II", n, start + at) for n, at, _, _ in places)
    table += b"".join(struct.pack("<II", n, start + len(keys) + at) for _, _, n, at in places)
    return struct.pack("<7I", 0x950412DE, 0, len(ids), 28, 28 + 8 * len(ids), 0, 0) + table + keys + values


class Program:
    def process(self, item):
        german = gettext.GNUTranslations(io.BytesIO(catalogue(item)))
        plain = gettext.NullTranslations()
        german.add_fallback(plain)
        return {
            "found": german.gettext("hello"),
            "missing": german.gettext("goodbye"),
            "plurals": [german.ngettext("one file", "%d files", n) for n in (0, 1, 2)],
            "context": [german.pgettext("menu", "open"), german.pgettext("door", "open")],
            "null": [plain.gettext("x"), plain.ngettext("a", "b", 2)],
            "info": german.info()["plural-forms"],
            "rule": [gettext.c2py("n%10==1 && n%100!=11 ? 0 : n != 0 ? 1 : 2")(n) for n in (0, 1, 2, 11, 21)],
            "search": gettext.find("nowhere", "/no/such/dir", ["de"]),
        }
