"""bzip2 and xz."""

INPUT = "text to compress"


class Program:
    def process(self, item):
        result = {}
        for name in ("bz2", "lzma"):
            module = __import__(name)
            try:
                result[name] = module.decompress(module.compress(item.encode())).decode()
            except NotImplementedError as error:
                result[name] = type(error).__name__
        return result
