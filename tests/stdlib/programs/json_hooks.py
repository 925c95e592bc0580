"""Encoders and decoders of one's own: object hooks, default, parse_float, parse_constant."""

import json
from decimal import Decimal

INPUT = '{"price": 19.99, "count": 3, "point": {"__point__": [1, 2]}, "bad": NaN, "inf": -Infinity}'


class Point:
    def __init__(self, x, y):
        self.x, self.y = x, y


class Encoder(json.JSONEncoder):
    def default(self, value):
        if isinstance(value, Point):
            return {"__point__": [value.x, value.y]}
        if isinstance(value, Decimal):
            return str(value)
        return super().default(value)


class Program:
    def process(self, item):
        def hook(found):
            return Point(*found["__point__"]) if "__point__" in found else found

        value = json.loads(item, object_hook=hook, parse_float=Decimal, parse_constant=str)
        pairs = json.loads(item, object_pairs_hook=lambda pairs: [key for key, _ in pairs])
        try:
            json.dumps({1, 2})
        except TypeError as error:
            refused = type(error).__name__
        return {
            "encoded": json.dumps(value, cls=Encoder),
            "point": [value["point"].x, value["point"].y],
            "pairs": pairs,
            "refused": refused,
            "skipped": json.dumps({(1, 2): "no", "yes": 1, 3: None, True: 0}, skipkeys=True),
        }
