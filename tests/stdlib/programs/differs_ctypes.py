"""Foreign functions: what packages declare when they are imported, and a value."""

import ctypes

INPUT = 5


class Pair(ctypes.Structure):
    _fields_ = [("first", ctypes.c_int), ("second", ctypes.c_float)]


Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(Pair))


class Program:
    def process(self, item):
        result = {"size": ctypes.sizeof(Pair)}
        try:
            result["value"] = ctypes.c_int(item).value
        except NotImplementedError as error:
            result |= {"error": type(error).__name__, "is_os_error": isinstance(error, OSError)}
        return result
