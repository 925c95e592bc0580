"""Tokens of source text, and source made of tokens again."""

import io
import token
import tokenize

INPUT = "def f(x):  # double\n    return x*2 + 0x1F\n\nname = 'text'\n"


class Program:
    def process(self, item):
        tokens = list(tokenize.generate_tokens(io.StringIO(item).readline))
        renamed = [
            (t.type, "value" if t.string == "x" else t.string) for t in tokens
        ]
        doubled = []
        for t in tokens:
            text = str(int(t.string, 0) * 2) if t.type == token.NUMBER else t.string
            doubled.append((t.type, text))
        encoding, lines = tokenize.detect_encoding(io.BytesIO(b"# -*- coding: latin-1 -*-\nx\n").readline)
        return {
            "tokens": [[token.tok_name[t.type], t.string] for t in tokens if t.type != token.ENCODING][:14],
            "places": [list(t.start) for t in tokens[:6]],
            "comments": [t.string for t in tokens if t.type == token.COMMENT],
            "exact": [token.tok_name[t.exact_type] for t in tokens if t.type == token.OP],
            "back": tokenize.untokenize(tokens) == item,
            "renamed": eval_function(tokenize.untokenize(renamed), 5),
            "doubled": eval_function(tokenize.untokenize(doubled), 5),
            "encoding": [encoding, len(lines)],
        }


def eval_function(source, argument):
    scope = {}
    exec(source, scope)
    return scope["f"](argument)
