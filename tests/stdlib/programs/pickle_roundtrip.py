"""Pickle: protocols, classes, reducers, persistent ids, out-of-band buffers."""

import copyreg
import io
import pickle
from collections import OrderedDict
from datetime import date
from fractions import Fraction

INPUT = {"list": [1, 2.5, None], "set": [3, 1, 2], "big": 1267650600228229401496703205376, "text": "é"}


class Vector:
    def __init__(self, x, y):
        self.x, self.y = x, y
        self.cache = "not kept"

    def __getstate__(self):
        return {"x": self.x, "y": self.y}

    def __setstate__(self, state):
        self.__dict__.update(state, cache="fresh")


class Shared:
    def __reduce__(self):
        return (Vector, (10, 20))


class Store(pickle.Pickler):
    def persistent_id(self, value):
        return ("big", len(value)) if isinstance(value, bytes) and len(value) > 10 else None


class Load(pickle.Unpickler):
    def persistent_load(self, pid):
        return b"x" * pid[1]

    def find_class(self, module, name):
        if module != "collections":
            raise pickle.UnpicklingError(f"{name} is not allowed")
        return super().find_class(module, name)


class Program:
    def process(self, item):
        value = {**item, "when": date(2024, 3, 15), "fraction": Fraction(1, 3), "self": []}
        value["self"].append(value["self"])
        back = [pickle.loads(pickle.dumps(value, protocol)) for protocol in range(pickle.HIGHEST_PROTOCOL + 1)]
        vector = pickle.loads(pickle.dumps(Vector(1, 2)))
        reduced = pickle.loads(pickle.dumps(Shared()))
        out = io.BytesIO()
        Store(out).dump([b"small", b"y" * 50, OrderedDict(a=1)])
        loaded = Load(io.BytesIO(out.getvalue())).load()
        try:
            Load(io.BytesIO(pickle.dumps(date(2024, 1, 1)))).load()
        except pickle.UnpicklingError as error:
            refused = str(error)
        buffers = []
        data = pickle.dumps(pickle.PickleBuffer(bytearray(b"band")), 5, buffer_callback=buffers.append)
        try:
            pickle.dumps(lambda: 1)
        except (pickle.PicklingError, AttributeError) as error:
            failed = isinstance(error, Exception)
        return {
            "equal": [b["when"] == value["when"] and b["fraction"] == value["fraction"] and b["big"] == value["big"] for b in back],
            "cycle": back[-1]["self"][0] is back[-1]["self"],
            "vector": [vector.x, vector.y, vector.cache],
            "reduced": [type(reduced).__name__, reduced.y],
            "persistent": [len(loaded[1]), dict(loaded[2])],
            "refused": refused,
            "buffer": bytes(pickle.loads(data, buffers=buffers)),
            "lambda": failed,
            "registry": copyreg.dispatch_table is not None,
        }
