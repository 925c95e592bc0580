"""Names, categories, normal forms, width, decomposition of characters."""

import unicodedata as ud

INPUT = "Ñandú ½ ﬁ Å ① 한 é 5٥"


class Program:
    def process(self, item):
        forms = {form: ud.normalize(form, item) for form in ("NFC", "NFD", "NFKC", "NFKD")}
        plain = "".join(c for c in forms["NFKD"] if not ud.combining(c))
        return {
            "forms": forms,
            "lengths": {form: len(text) for form, text in forms.items()},
            "plain": plain,
            "names": [ud.name(c) for c in "Ñ½ﬁ①한€"],
            "lookup": [ud.lookup("SNOWMAN"), ud.lookup("GREEK SMALL LETTER ALPHA")],
            "categories": {c: ud.category(c) for c in "aA1 -_$\ń"},
            "numeric": [ud.numeric("½"), ud.decimal("٥"), ud.digit("①"), ud.numeric("x", -1)],
            "width": [ud.east_asian_width(c) for c in "a한ｱ"],
            "bidi": [ud.bidirectional(c) for c in "aא1"],
            "mirrored": [ud.mirrored("("), ud.mirrored("a")],
            "decomposition": [ud.decomposition("é"), ud.decomposition("ﬁ")],
            "normalized": [ud.is_normalized("NFC", item), ud.is_normalized("NFC", "abc")],
            "old": ud.ucd_3_2_0.name("€"),
        }
