"""singledispatch, singledispatchmethod, partialmethod."""

import functools
from collections.abc import Mapping, Sequence

INPUT = [1, 2.5, "text", [1, "a"], {"k": (1, 2)}, None, True]


@functools.singledispatch
def describe(value):
    return f"other {type(value).__name__}"


@describe.register
def _(value: int):
    return f"int {value}"


@describe.register(float)
def _(value):
    return f"float {value:.2f}"


@describe.register
def _(value: str):
    return f"str of {len(value)}"


@describe.register(Sequence)
def _(value):
    return [describe(part) for part in value]


@describe.register(Mapping)
def _(value):
    return {key: describe(part) for key, part in value.items()}


class Shape:
    @functools.singledispatchmethod
    def scale(self, by):
        raise NotImplementedError

    @scale.register
    def _(self, by: int):
        return ["int", by]

    @scale.register
    def _(self, by: str):
        return ["str", by * 2]

    def move(self, dx, dy):
        return [dx, dy]

    up = functools.partialmethod(move, 0)


class Program:
    def process(self, item):
        shape = Shape()
        try:
            shape.scale(1.5)
        except NotImplementedError as error:
            missing = type(error).__name__
        return {
            "described": [describe(value) for value in item],
            "registered": sorted(kind.__name__ for kind in describe.registry),
            "dispatch": describe.dispatch(bool) is describe.dispatch(int),
            "methods": [shape.scale(3), shape.scale("ab"), shape.up(5), missing],
        }
