"""regex==2026.11.19: Unicode properties, sets, recursion, matches that are nearly right"""


class Use:
    def process(self, item):
        import regex

        assert regex._main is not None
        assert regex.findall(r"\p{Lu}\p{Ll}+", "Ärger Über alles") == ["Ärger", "Über"]
        assert regex.fullmatch(r"[\w--\d]+", "abc", regex.V1)
        assert not regex.fullmatch(r"[\w--\d]+", "ab1", regex.V1)
        assert regex.fullmatch(r"\((?:[^()]++|(?R))*\)", "(a(b)(c(d)))")
        nearly = regex.search(r"(?:sandbox){e<=2}", "a sendbax here")
        assert nearly and nearly.fuzzy_counts == (2, 0, 0)
        assert regex.split(r"\X", "e\u0301a")[0] == ""
        assert regex.sub(r"(?<year>\d{4})-(?<month>\d\d)", r"\g<month>/\g<year>", "2026-11") == "11/2026"
        try:
            regex.match(r"(a+)+$", "a" * 40 + "!", timeout=0.2)
        except TimeoutError:
            pass
        return regex.match(r"(?:(\w)\s?)+", "a b c").captures(1)
