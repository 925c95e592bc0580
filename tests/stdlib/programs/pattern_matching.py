"""match statements: sequences, mappings, classes, guards, captures, alternatives."""

from dataclasses import dataclass

INPUT = [["go", "north"], ["take", "lamp", "sword"], {"op": "add", "args": [1, 2]}, {"op": "neg", "args": [5], "x": 1}, 42, -1, "text", None, [], [[1, 2], 3], 3.5, True]


@dataclass
class Point:
    x: int
    y: int


def describe(value):
    match value:
        case True | False:
            return "bool"
        case ["go", ("north" | "south") as way]:
            return f"go {way}"
        case ["take", first, *rest]:
            return f"take {first} and {len(rest)} more"
        case {"op": "add", "args": [a, b]}:
            return a + b
        case {"op": op, "args": [only], **rest}:
            return [op, only, rest]
        case int(n) if n > 0:
            return f"positive {n}"
        case int():
            return "integer"
        case str() as text:
            return text.upper()
        case None:
            return "none"
        case []:
            return "empty"
        case [[a, b], c]:
            return a + b + c
        case Point(x=0, y=y):
            return f"on the axis at {y}"
        case Point(x, y):
            return f"point {x} {y}"
        case _:
            return "something"


def evaluate(tree):
    match tree:
        case ("+", a, b):
            return evaluate(a) + evaluate(b)
        case ("*", a, b):
            return evaluate(a) * evaluate(b)
        case ("-", a):
            return -evaluate(a)
        case number:
            return number


class Program:
    def process(self, item):
        return {
            "described": [describe(value) for value in item],
            "points": [describe(Point(0, 3)), describe(Point(1, 2))],
            "bytes": describe(b"x"),
            "tuple": describe(("go", "south")),
            "tree": evaluate(("+", 1, ("*", ("-", 2), ("+", 3, 4)))),
        }
