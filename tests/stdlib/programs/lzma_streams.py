"""LZMA: every container, filters, checks, pieces, what other programs made, what is broken."""

import base64
import io
import lzma
import random

INPUT = ["", "a", "text "]

# `printf 'made by xz\n' | xz`, `| xz -C sha256 --delta=dist=2 --lzma2` and `| xz --format=lzma`.
MADE = {
    "xz": "/Td6WFoAAATm1rRGAgAhARYAAAB0L+WjAQAKbWFkZSBieSB4egoAAOG49YUZvi3tAAEjC8Ib/QkftvN9AQAAAAAEWVo=",
    "filters": "/Td6WFoAAArh+wyhAgEDAQEhARYcR3hWAQAKbWH3BLz9Wb7/WpIAACUivteb5qaW9ZcTUzwtoTsw7U5FFG3/0U2gA3v9KgDBAAE7C5uD5osYm0uaAQAAAAAKWVo=",
    "alone": "XQAAgAD//////////wA2mEi+S5lATxXZYEM7Ku9//96mAAA=",
}
FILTERS = {
    "delta": [{"id": lzma.FILTER_DELTA, "dist": 4}, {"id": lzma.FILTER_LZMA2, "preset": 1}],
    "code": [{"id": lzma.FILTER_X86}, {"id": lzma.FILTER_LZMA2, "dict_size": 1 << 16, "lc": 1}],
    "one": [{"id": lzma.FILTER_LZMA1, "preset": 3 | lzma.PRESET_EXTREME}],
    "two": [{"id": lzma.FILTER_LZMA2, "mode": lzma.MODE_FAST, "mf": lzma.MF_HC4}],
}


class Program:
    def process(self, item):
        result = {}
        for index, text in enumerate(item):
            data = text.encode() * 3000 if index == 2 else text.encode()
            for kind in (lzma.FORMAT_XZ, lzma.FORMAT_ALONE):
                packed = lzma.compress(data, kind, preset=index)
                again = lzma.LZMADecompressor()
                out = b"".join(again.decompress(packed[i : i + 1]) for i in range(len(packed)))
                result[f"round {index} {kind}"] = out == data, again.eof, again.check
            for name, filters in FILTERS.items():
                packed = lzma.compress(data, lzma.FORMAT_RAW, filters=filters)
                again = lzma.decompress(packed, lzma.FORMAT_RAW, filters=filters)
                result[f"raw {index} {name}"] = again == data
            for name in ("delta", "code", "two"):
                packed = lzma.compress(data, filters=FILTERS[name])
                result[f"xz {index} {name}"] = lzma.decompress(packed) == data
        for check in (lzma.CHECK_NONE, lzma.CHECK_CRC32, lzma.CHECK_SHA256):
            decompressor = lzma.LZMADecompressor(lzma.FORMAT_XZ)
            decompressor.decompress(lzma.compress(b"checked", check=check))
            result[f"check {check}"] = decompressor.check
        long = lzma.compress(bytes(3_000_000))
        decompressor = lzma.LZMADecompressor()
        sizes = [len(decompressor.decompress(long + b"rest", 1_000_000))]
        while not decompressor.eof:
            sizes.append(len(decompressor.decompress(b"", 1_000_000)))
        result["bounded"] = sum(sizes), max(sizes), decompressor.unused_data
        noise = random.Random(1).randbytes(1_200_000)
        result["noise"] = lzma.decompress(lzma.compress(noise, preset=0)) == noise
        compressor = lzma.LZMACompressor(preset=1)
        pieces = [compressor.compress(noise[i : i + 70_000]) for i in range(0, len(noise), 70_000)]
        result["pieces"] = lzma.decompress(b"".join([*pieces, compressor.flush()])) == noise
        two = lzma.compress(b"one ") + b"\0" * 4 + lzma.compress(b"two", lzma.FORMAT_ALONE)
        with lzma.open(io.BytesIO(lzma.compress(b"1\n2\n") + lzma.compress(b"3\n")), "rt") as file:
            result["file"] = file.read().split()
        result["wrong"] = []
        for call in (
            lambda: lzma.decompress(b"no xz at all"),
            lambda: lzma.decompress(long[:-5]),
            lambda: lzma.decompress(long[:40] + b"\xff\xff" + long[42:]),
            lambda: lzma.compress(b"", check=99),
            lambda: lzma.compress(b"", preset=1, filters=FILTERS["two"]),
            lambda: lzma.decompress(long, memlimit=1000),
            lambda: lzma.decompress(two, lzma.FORMAT_XZ),
            lambda: lzma.LZMACompressor(lzma.FORMAT_RAW),
            lambda: lzma.compress(b"", filters=[{"id": lzma.FILTER_LZMA2, "x": 1}]),
        ):
            try:
                call()
            except (OSError, ValueError, EOFError, lzma.LZMAError) as error:
                result["wrong"].append(type(error).__name__)
            else:
                result["wrong"].append("done")
        result["made"] = {
            name: lzma.decompress(base64.b64decode(text)) for name, text in MADE.items()
        }
        return result
