"""Streams in memory: text, bytes, buffering, newlines, encodings, a raw stream of one's own."""

import io

INPUT = "line one\r\nligne deux é\nlast"


class Upper(io.RawIOBase):
    def __init__(self, data):
        self.data = data

    def readable(self):
        return True

    def readinto(self, buffer):
        count = min(len(buffer), len(self.data), 5)
        buffer[:count] = self.data[:count].upper()
        self.data = self.data[count:]
        return count


class Program:
    def process(self, item):
        text = io.StringIO(item, newline=None)
        raw = io.BytesIO(item.encode())
        wrapped = io.TextIOWrapper(raw, encoding="utf-8", newline="")
        first = wrapped.readline()
        place = wrapped.tell()
        rest = wrapped.read()
        wrapped.seek(place)
        again = wrapped.read(5)
        buffered = io.BufferedReader(Upper(b"some bytes that go on"), 8)
        out = io.BytesIO()
        writer = io.TextIOWrapper(out, encoding="utf-16-le", newline="\r\n", write_through=True)
        writer.write("a\nb")
        view = raw.getbuffer()
        errors = []
        for call in (lambda: io.StringIO().write(b"x"), lambda: buffered.write(b"x"), lambda: io.BytesIO(b"\xff").read().decode()):
            try:
                errors.append(call())
            except (TypeError, io.UnsupportedOperation, UnicodeDecodeError) as error:
                errors.append(type(error).__name__)
        result = {
            "lines": list(text),
            "first": first,
            "rest": rest,
            "again": again,
            "peek": bytes(buffered.peek(3))[:3],
            "buffered": [buffered.read(7), buffered.read()],
            "utf16": out.getvalue(),
            "view": [view.nbytes, bytes(view[:4])],
            "errors": errors,
            "truncated": (lambda s: [s.truncate(4), s.getvalue()])(io.StringIO("truncated")),
        }
        view.release()
        return result
