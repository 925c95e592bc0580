"""bzip2: in one piece, in pieces, as a file, what other programs made, what is broken."""

import base64
import bz2
import io
import random

INPUT = ["", "a", "text "]

# `printf 'made by bzip2\n' | bzip2 -1`.
MADE = base64.b64decode(
    "QlpoMTFBWSZTWbH2gX4AAAVZgAAQQAAQADYiQDAgADEDQNAgAMj2ALTOPEp4u5IpwoSFj7QL8A=="
)


class Program:
    def process(self, item):
        result = {}
        for index, text in enumerate(item):
            data = text.encode() * 3000 if index == 2 else text.encode()
            for level in (1, 5, 9):
                packed = bz2.compress(data, level)
                result[f"round {index} {level}"] = bz2.decompress(packed) == data
            compressor = bz2.BZ2Compressor()
            pieces = [compressor.compress(data[i : i + 700]) for i in range(0, len(data), 700)]
            packed = b"".join([*pieces, compressor.flush()])
            decompressor = bz2.BZ2Decompressor()
            out = b"".join(decompressor.decompress(packed[i : i + 1]) for i in range(len(packed)))
            result[f"pieces {index}"] = out == data, decompressor.eof
        decompressor = bz2.BZ2Decompressor()
        long = bz2.compress(bytes(100_000))
        sizes = [len(decompressor.decompress(long + b"rest", 30_000))]
        while not decompressor.eof:
            sizes.append(len(decompressor.decompress(b"", 30_000)))
        result["bounded"] = sum(sizes), max(sizes), decompressor.unused_data
        noise = random.Random(1).randbytes(1_200_000)
        result["noise"] = bz2.decompress(bz2.compress(noise)) == noise
        two = bz2.compress(b"one ") + bz2.compress(b"two")
        with bz2.open(io.BytesIO(two), "rt") as file:
            result["file"] = file.read()
        with bz2.BZ2File(io.BytesIO(bz2.compress(b"1\n2\n3\n"))) as file:
            line = file.readline()
            file.seek(4)
            result["lines"] = line, file.read(), file.tell()
        result["wrong"] = []
        for call in (
            lambda: bz2.decompress(b"no bzip2 at all"),
            lambda: bz2.decompress(long[:-5]),
            lambda: bz2.decompress(long[:20] + b"\xff" + long[21:]),
            lambda: bz2.compress(b"", 10),
            lambda: decompressor.decompress(b""),
            lambda: bz2.BZ2File(io.BytesIO(long[:-5])).read(),
        ):
            try:
                call()
            except (OSError, ValueError, EOFError) as error:
                result["wrong"].append(type(error).__name__)
        result["made"] = bz2.decompress(MADE)
        return result
