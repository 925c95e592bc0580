"""Floats and ints: representation, parsing, rounding, exact forms."""

INPUT = ["1e3", " 12.5 ", "-0", "inf", "1_000.5", "nan", "0x1p-2", "bad", "١٢", "1e400"]


class Program:
    def process(self, item):
        parsed = []
        for text in item:
            try:
                parsed.append(float(text))
            except ValueError:
                parsed.append("bad")
        integers = []
        for text, base in (("ff", 16), ("0b101", 0), ("077", 10), ("z", 36), ("1_0", 10), ("٣", 10), ("", 10)):
            try:
                integers.append(int(text, base))
            except ValueError:
                integers.append("bad")
        return {
            "parsed": parsed,
            "integers": integers,
            "hex": [(0.1).hex(), float.fromhex("0x1.8p1"), float.fromhex("-inf")],
            "ratio": [(0.75).as_integer_ratio(), (0.1).is_integer(), (4.0).is_integer()],
            "round": [round(0.5), round(1.5), round(2.675, 2), round(1e22), round(12345, -2), round(-2.5)],
            "repr": [repr(x) for x in (1e22, 1e21, 123456789.123456789, 5e-324, 1.7976931348623157e308, 0.1 + 0.7)],
            "integer_division": [7 // -2, -7 // 2, 7 % -3, -7 % 3, 7.5 // 2, -7.5 % 2, divmod(-1, 3)],
            "power": [2**-1, (-8) ** 2, 0**0, 2**0.5 == 1.4142135623730951, (-1) ** 3],
            "compare": [0.1 + 0.2 == 0.3, 1 == 1.0 == True, float("nan") == float("nan"), 10**20 == 1e20],
            "bits": [5 & 3, 5 | 3, 5 ^ 3, ~5, -5 >> 1, 1 << 5, (255).bit_length(), (-256).bit_length()],
            "bool": [True + True, bool("False"), bool(0.0), bool([]), bool([0])],
            "limits": [int(1e308) % 1000, 2**1023 * 1.0 > 1e307],
        }
