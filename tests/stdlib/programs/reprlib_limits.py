"""Shortened reprs, and reprs of what contains itself."""

import reprlib

INPUT = {"text": 100, "list": 50, "nested": [[[[[[[1]]]]]]]}


class Ring:
    def __init__(self):
        self.items = [self, 1]

    @reprlib.recursive_repr("<...>")
    def __repr__(self):
        return f"Ring({self.items})"


class Short(reprlib.Repr):
    def __init__(self):
        super().__init__()
        self.maxlist = 2
        self.maxstring = 12

    def repr_bool(self, value, level):
        return "yes" if value else "no"


class Program:
    def process(self, item):
        short = Short()
        return {
            "text": reprlib.repr("x" * item["text"]),
            "list": reprlib.repr(list(range(item["list"]))),
            "nested": reprlib.repr(item["nested"]),
            "own": short.repr([True, False, True]),
            "own_text": short.repr("abcdefghijklmnop"),
            "ring": repr(Ring()),
            "number": reprlib.repr(10**100),
            "set": reprlib.repr({1, 2, 3}),
        }
