"""A small bitmap written and parsed again with struct."""

import struct
import zlib

INPUT = {"width": 5, "height": 3}


class Program:
    def process(self, item):
        width, height = item["width"], item["height"]
        padding = -width * 3 % 4
        rows = []
        for y in range(height):
            row = b"".join(struct.pack("BBB", x * 50, y * 80, (x ^ y) * 30) for x in range(width))
            rows.append(row + bytes(padding))
        pixels = b"".join(reversed(rows))
        header = struct.pack("<2sIHHI", b"BM", 54 + len(pixels), 0, 0, 54)
        info = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, len(pixels), 2835, 2835, 0, 0)
        image = header + info + pixels
        magic, size, _, _, offset = struct.unpack_from("<2sIHHI", image)
        w, h, planes, depth = struct.unpack_from("<iiHH", image, 18)

        def chunk(kind, data):
            return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

        raw = b"".join(b"\0" + row[: width * 3] for row in rows)
        png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
        length, kind = struct.unpack_from(">I4s", png, 8)
        return {
            "image": image,
            "header": [magic, size == len(image), offset],
            "info": [w, h, planes, depth],
            "corner": list(image[offset : offset + 3]),
            "png": png,
            "png_chunk": [length, kind, zlib.decompress(zlib.compress(raw)) == raw],
        }
