"""zlib: levels, checksums, streaming, dictionaries. Only what every zlib gives is shown."""

import zlib

INPUT = "the rain in spain stays mainly in the plain. "


class Program:
    def process(self, item):
        data = (item * 50).encode()
        packed = {level: zlib.compress(data, level) for level in (0, 1, 6, 9)}
        compressor = zlib.compressobj(9, zlib.DEFLATED, -15)
        raw = b"".join(compressor.compress(data[at : at + 100]) for at in range(0, len(data), 100))
        raw += compressor.flush()
        reader = zlib.decompressobj(-15)
        pieces = []
        for at in range(0, len(raw), 16):
            pieces.append(reader.decompress(raw[at : at + 16]))
        with_dict = zlib.compressobj(zdict=item.encode())
        small = with_dict.compress(item.encode()) + with_dict.flush()
        limited = zlib.decompressobj()
        part = limited.decompress(packed[9], 20)
        trailing = zlib.decompressobj()
        trailing.decompress(packed[6] + b"tail")
        try:
            zlib.decompress(packed[6][:-5])
        except zlib.error as error:
            truncated = type(error).__name__
        return {
            "back": [zlib.decompress(value) == data for value in packed.values()],
            "smaller": len(packed[9]) < len(data) // 10 < len(packed[0]),
            "stored": len(packed[0]) > len(data),
            "raw": [b"".join(pieces) + reader.flush() == data, reader.eof],
            "dictionary": zlib.decompressobj(zdict=item.encode()).decompress(small).decode(),
            "limited": [part, len(limited.unconsumed_tail) > 0],
            "unused": trailing.unused_data,
            "checksums": [zlib.crc32(data), zlib.adler32(data), zlib.crc32(b"b", zlib.crc32(b"a")) == zlib.crc32(b"ab")],
            "truncated": truncated,
        }
