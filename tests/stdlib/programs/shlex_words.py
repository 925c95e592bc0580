"""Shell-like splitting, quoting and joining."""

import shlex

INPUT = ["a b  c", "'single quoted' and \"double \\\" quoted\"", "esc\\ aped # comment", "a=b;c|d&&e", "unicode é'ß'"]


class Program:
    def process(self, item):
        lexer = shlex.shlex("if(x>=1) y+='a b'", punctuation_chars=True)
        custom = shlex.shlex("key: value, other", posix=True)
        custom.whitespace = ","
        custom.whitespace_split = True
        try:
            shlex.split("open 'quote")
        except ValueError as error:
            refused = str(error)
        return {
            "split": [shlex.split(text) for text in item],
            "comments": shlex.split(item[2], comments=True),
            "raw": shlex.split(item[1], posix=False),
            "quote": [shlex.quote(text) for text in ("plain", "two words", "it's", "", "a;b")],
            "join": shlex.join(["echo", "two words", "$HOME"]),
            "back": shlex.split(shlex.join(item)) == item,
            "tokens": list(lexer),
            "custom": [part.strip() for part in custom],
            "refused": refused,
        }
