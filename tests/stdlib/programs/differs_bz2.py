"""bzip2 and xz."""

INPUT = "text to compress"


class Program:
    def process(self, item):
        result = {}
        for name in ("bz2", "lzma"):
            try:
                module = __import__(name)
            except ImportError as error:
                result[name] = type(error).__name__
            else:
                result[name] = module.decompress(module.compress(item.encode())).decode()
        return result
