"""String preparation (RFC 3454) and IDNA names."""

import stringprep

INPUT = ["Bücher.example", "straße.de", "例え.jp", "ascii.org"]


def prepare(text):
    mapped = "".join(
        "" if stringprep.in_table_b1(c) else stringprep.map_table_b2(c) for c in text
    )
    if any(stringprep.in_table_c12(c) or stringprep.in_table_c22(c) for c in mapped):
        raise ValueError("prohibited")
    return mapped


class Program:
    def process(self, item):
        errors = []
        for text in ("a\u00a0b", "x\u0080", "ok"):
            try:
                errors.append(prepare(text))
            except ValueError as error:
                errors.append(str(error))
        return {
            "idna": [text.encode("idna") for text in item],
            "back": [text.encode("idna").decode("idna") for text in item],
            "punycode": ["bücher".encode("punycode"), b"mnchen-3ya".decode("punycode")],
            "prepared": [prepare(text) for text in ("ÀB\u00adC", "ﬁ")],
            "errors": errors,
            "tables": [stringprep.in_table_a1("\u0221"), stringprep.in_table_d1("א"), stringprep.in_table_d2("a")],
        }
