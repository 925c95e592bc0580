"""Binary records: formats, alignment, byte order, half floats, iter_unpack."""

import struct

INPUT = [[1, 2.5, "ab"], [-7, 1e10, "xyz"], [2147483647, -0.0, ""]]


class Program:
    def process(self, item):
        record = struct.Struct("<id4s?x")
        packed = b"".join(record.pack(n, f, s.encode(), bool(s)) for n, f, s in item)
        rows = [[n, f, s.rstrip(b"\0").decode(), flag] for n, f, s, flag in record.iter_unpack(packed)]
        buffer = bytearray(16)
        struct.pack_into(">HhQ", buffer, 2, 65535, -2, 2**63)
        errors = []
        for format, value in (("B", 256), ("b", -129), ("<i", "x"), ("3z", 1)):
            try:
                errors.append(struct.pack(format, value))
            except struct.error as error:
                errors.append(type(error).__name__)
        return {
            "size": [record.size, struct.calcsize("<hbi"), struct.calcsize(">Qe")],
            "packed": packed,
            "rows": rows,
            "buffer": bytes(buffer),
            "from": struct.unpack_from(">Hh", buffer, 2),
            "orders": [struct.pack(f"{o}I", 0x01020304) for o in "<>!"],
            "floats": [struct.unpack("<e", struct.pack("<e", v))[0] for v in (0.1, 65504.0, -2.0)],
            "single": struct.unpack("<f", struct.pack("<f", 0.1))[0],
            "pascal": struct.pack("5p", b"hi"),
            "errors": errors,
            "bits": [hex(struct.unpack(">Q", struct.pack(">d", v))[0]) for v in (1.0, -0.0, float("inf"))],
        }
