"""Wrapping, filling, indenting, dedenting and shortening text."""

import textwrap

INPUT = "The quick brown fox jumps over the lazy dog, and-then-some-hyphenated-words follow supercalifragilistic endings."


class Program:
    def process(self, item):
        wrapper = textwrap.TextWrapper(width=24, initial_indent="* ", subsequent_indent="  ", break_on_hyphens=False)
        block = textwrap.dedent(
            """\
            def f():
                return 1

              odd
            """
        )
        return {
            "wrap": textwrap.wrap(item, 30),
            "bullets": wrapper.wrap(item),
            "fill": textwrap.fill(item, 40, max_lines=2, placeholder=" [..]"),
            "long": textwrap.wrap("a" * 25 + " b", 10),
            "unbroken": textwrap.wrap("a" * 25 + " b", 10, break_long_words=False),
            "dedent": block,
            "indent": textwrap.indent("a\n\nb\n", "> "),
            "indent_all": textwrap.indent("a\n\nb\n", "> ", lambda line: True),
            "shorten": textwrap.shorten("Hello   big\n world", width=12),
            "tabs": textwrap.wrap("a\tb\tc", 40, tabsize=4),
        }
