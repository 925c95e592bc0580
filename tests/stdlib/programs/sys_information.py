"""What sys says that is the same everywhere: limits of floats and text, hooks, interning."""

import sys

INPUT = ["json", "decimal"]


class Program:
    def process(self, item):
        for name in item:
            __import__(name)
        text = "".join(["in", "tern", "ed"])
        sys.audit("tests.event", 1)
        old = sys.getrecursionlimit()
        sys.setrecursionlimit(old + 10)
        changed = sys.getrecursionlimit() - old
        sys.setrecursionlimit(old)
        try:
            raise ValueError("seen")
        except ValueError:
            info = sys.exc_info()
        digits = sys.int_info.default_max_str_digits
        try:
            str(10**5000)
        except ValueError as error:
            long = type(error).__name__
        return {
            "implementation": sys.implementation.name,
            "version": sys.version_info >= (3, 11),
            "float": [sys.float_info.max, sys.float_info.dig, sys.float_info.epsilon],
            "unicode": sys.maxunicode,
            "order": sys.byteorder,
            "loaded": [name in sys.modules for name in item],
            "interned": sys.intern(text) is sys.intern("interned"),
            "recursion": changed,
            "info": [info[0].__name__, str(info[1])],
            "digits": [digits, long],
            "encodings": [sys.getdefaultencoding(), sys.getfilesystemencoding()],
            "frame": sys._getframe().f_code.co_name,
            "sizes": sys.getsizeof([]) < sys.getsizeof([1, 2, 3]),
            "flags": sys.flags.optimize,
            "stdlib": ["json" in sys.stdlib_module_names, "numpy" in sys.stdlib_module_names],
            "arguments": isinstance(sys.argv, list) and len(sys.argv) >= 1,
        }
