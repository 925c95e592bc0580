"""Text in many encodings, East Asian ones too."""

INPUT = {"latin": "Größe £5", "cyrillic": "Привет", "japanese": "日本語テスト", "chinese": "中文", "korean": "한국어", "greek": "αβγ"}


class Program:
    def process(self, item):
        tables = {
            "latin": ["latin-1", "cp1252", "iso8859-15", "cp437", "mac-roman", "utf-7"],
            "cyrillic": ["koi8-r", "cp1251", "iso8859-5", "cp866"],
            "japanese": ["shift_jis", "euc_jp", "iso2022_jp", "cp932"],
            "chinese": ["gb2312", "gbk", "gb18030", "big5", "hz"],
            "korean": ["euc_kr", "cp949", "johab"],
            "greek": ["iso8859-7", "cp1253", "utf-32-be"],
        }
        encoded = {}
        for name, codings in tables.items():
            for coding in codings:
                data = item[name].encode(coding)
                encoded[coding] = [data, data.decode(coding) == item[name]]
        return {
            "encoded": encoded,
            "punycode": "bücher".encode("punycode"),
            "charmap": bytes(range(0x80, 0x90)).decode("cp437"),
            "undefined": b"\x81".decode("cp1252", "replace"),
        }
