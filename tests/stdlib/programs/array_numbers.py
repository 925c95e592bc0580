"""Typed arrays: conversion, buffers, byte order, slices."""

import array

INPUT = [3, -1, 4, 1, -5, 9, 2, 6]


class Program:
    def process(self, item):
        numbers = array.array("i", item)
        numbers.extend([7, 8])
        numbers[2:4] = array.array("i", [100])
        swapped = array.array("h", [1, 256])
        swapped.byteswap()
        doubles = array.array("d", [n / 2 for n in item])
        view = memoryview(doubles)
        view[0] = 99.5
        errors = []
        for code, values in (("B", [256]), ("i", [1.5]), ("b", ["x"])):
            try:
                errors.append(array.array(code, values).tolist())
            except (OverflowError, TypeError) as error:
                errors.append(type(error).__name__)
        raw = array.array("H")
        raw.frombytes(b"\x01\x00\x02\x01")
        return {
            "list": numbers.tolist(),
            "found": [numbers.index(100), numbers.count(-1), numbers.pop()],
            "swapped": swapped.tolist(),
            "doubles": doubles[:3].tolist(),
            "view": [view.format, view.itemsize, view.nbytes],
            "bytes": array.array("h", [1, 2, -1]).tobytes(),
            "raw": raw.tolist(),
            "errors": errors,
            "sizes": {code: array.array(code).itemsize for code in "bBhHiIqQfd"},
            "reversed": list(reversed(numbers))[:3],
            "text": array.array("u", "añ").tounicode() if "u" in array.typecodes else "añ",
            "repr": repr(array.array("d", [1.5])),
        }
