"""gzip in memory: compress, members, headers, seeking, broken data."""

import gzip
import io
import zlib

INPUT = ["first line\n", "second line\n", "third\n"]


class Program:
    def process(self, item):
        data = "".join(item).encode() * 20
        packed = gzip.compress(data, mtime=0)
        out = io.BytesIO()
        with gzip.GzipFile(filename="name.txt", mode="wb", fileobj=out, mtime=1) as file:
            file.writelines(line.encode() for line in item)
        with gzip.open(io.BytesIO(out.getvalue()), "rt", encoding="utf-8") as file:
            lines = file.readlines()
        joined = gzip.decompress(packed + gzip.compress(b"more"))
        with gzip.GzipFile(fileobj=io.BytesIO(packed)) as file:
            file.seek(11)
            middle = file.read(6)
            peeked = file.peek(3)[:3]
        errors = []
        for broken in (b"not gzip", packed[:-4], packed[:-8] + b"\0" * 8):
            try:
                errors.append(gzip.decompress(broken)[:1])
            except (OSError, EOFError, zlib.error) as error:
                errors.append(type(error).__name__)
        return {
            "back": gzip.decompress(packed) == data,
            "magic": packed[:3],
            "trailer": packed[-8:] == zlib.crc32(data).to_bytes(4, "little") + len(data).to_bytes(4, "little"),
            "lines": lines,
            "name": b"name.txt" in out.getvalue(),
            "joined": joined == data + b"more",
            "middle": [middle, peeked],
            "errors": errors,
        }
