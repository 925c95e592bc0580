"""Foreign functions."""

INPUT = 5


class Program:
    def process(self, item):
        try:
            import ctypes
        except ImportError as error:
            return {"error": type(error).__name__, "name": error.name}
        return {"value": ctypes.c_int(item).value}
