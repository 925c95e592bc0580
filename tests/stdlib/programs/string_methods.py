"""Methods of str: searching, splitting, cases, tests, translation, Unicode."""

INPUT = "  The Quick\tbrown ﬁsh ǅ straße\nİstanbul  "


class Program:
    def process(self, item):
        table = str.maketrans({"a": "4", "e": None, "i": "[i]"})
        return {
            "stripped": [item.strip(), item.lstrip()[:3], item.rstrip(" l"), "xxabcxx".strip("x")],
            "cases": [item.upper(), item.lower(), item.title(), item.swapcase(), item.casefold(), item.strip().capitalize()],
            "split": [item.split(), "a,b,,c".split(","), "a b c".split(None, 1), "a.b.c".rsplit(".", 1), "a\nb\r\nc\x0bd".splitlines()],
            "parts": ["key=value=x".partition("="), "a/b/c".rpartition("/"), "none".partition(":")],
            "affixes": ["test_x".removeprefix("test_"), "x.py".removesuffix(".py"), "abc".startswith(("x", "a"))],
            "found": ["banana".find("an", 2), "banana".rfind("an"), "banana".count("ana"), "banana".index("n")],
            "tests": [["²".isdigit(), "²".isdecimal(), "½".isnumeric()], ["aB".isalpha(), " ".isspace(), "Ab Cd".istitle()]],
            "padded": ["7".zfill(3), "-7".zfill(4), "x".center(5, "."), "a\tb".expandtabs(4)],
            "translated": "aeiou".translate(table),
            "joined": "-".join(str(n) for n in range(4)),
            "replaced": "aaaa".replace("a", "b", 2),
            "code": [ord("€"), chr(0x1F600), "é".encode(), "\N{SNOWMAN}", ascii("é☃")],
            "length": [len("e\u0301"), len("🎵"), len("日本")],
            "compare": ["a" < "B", "Z" < "a", "abc" < "abd", "" < "a"],
            "slices": ["abcdef"[::-1], "abcdef"[1:-1:2], "abc"[5:], "abc" * 2],
        }
