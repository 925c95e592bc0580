"""binascii: CRCs, quoted printable, uuencoding, strict base64."""

import binascii

INPUT = "Grüße = 100% sure? Trailing \nnext_line"


class Program:
    def process(self, item):
        data = item.encode("latin-1")
        quoted = binascii.b2a_qp(data)
        header = binascii.b2a_qp(data, header=True, istext=True)
        lines = [binascii.b2a_uu(data[at : at + 45]) for at in range(0, len(data), 45)]
        errors = []
        for call in (lambda: binascii.unhexlify("abc"), lambda: binascii.unhexlify("zz"), lambda: binascii.a2b_base64("abcde")):
            try:
                errors.append(call())
            except (binascii.Error, ValueError) as error:
                errors.append(type(error).__name__)
        return {
            "crc32": [binascii.crc32(data), binascii.crc32(b""), binascii.crc32(data[5:], binascii.crc32(data[:5]))],
            "crc_hqx": binascii.crc_hqx(data, 0),
            "quoted": quoted,
            "quoted_back": binascii.a2b_qp(quoted) == data,
            "header": header,
            "uu": lines,
            "uu_back": b"".join(map(binascii.a2b_uu, lines)) == data,
            "hex": binascii.b2a_hex(data[:6], ":"),
            "base64": [binascii.b2a_base64(data[:5]), binascii.b2a_base64(data[:5], newline=False)],
            "errors": errors,
        }
