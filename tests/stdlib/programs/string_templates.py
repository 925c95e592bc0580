"""string: templates, capwords, constants, and a Formatter of one's own."""

import string

INPUT = {"who": "ann", "what": "$5 & more", "deep": {"list": [1, 2, 3]}}


class Upper(string.Formatter):
    def convert_field(self, value, conversion):
        if conversion == "u":
            return str(value).upper()
        return super().convert_field(value, conversion)

    def get_value(self, key, args, kwargs):
        if isinstance(key, str) and key not in kwargs:
            return f"<{key}>"
        return super().get_value(key, args, kwargs)


class Percent(string.Template):
    delimiter = "%"
    idpattern = "[a-z]+"


class Program:
    def process(self, item):
        template = string.Template("$who owes ${what}; $$ and $missing")
        try:
            template.substitute(item)
        except KeyError as error:
            missing = error.args[0]
        return {
            "safe": template.safe_substitute(item),
            "missing": missing,
            "percent": Percent("%who %% %{what}").substitute(item),
            "identifiers": template.get_identifiers(),
            "valid": [template.is_valid(), string.Template("$").is_valid()],
            "formatter": Upper().format("{who!u} {0!r:>6} {deep[list][1]:03d} {nobody}", "x", **item),
            "fields": [field for _, field, _, _ in string.Formatter().parse("a{b}c{d.e[0]!r:>{w}}")],
            "capwords": [string.capwords("  the  quick fox "), string.capwords("a-b-c", "-")],
            "constants": [string.ascii_lowercase, string.hexdigits, string.punctuation, len(string.printable)],
        }
