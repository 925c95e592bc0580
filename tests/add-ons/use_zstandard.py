"""zstandard==0.25.0: frames, streams and dictionaries"""


class Use:
    def process(self, item):
        import io

        import zstandard

        assert zstandard.backend == "cext"
        text = b"".join(b"line %d of a log that says much the same\n" % number for number in range(5000))
        packed = zstandard.compress(text, 9)
        assert len(packed) * 5 < len(text)
        assert zstandard.decompress(packed) == text
        with zstandard.open(io.BytesIO(packed), "rb") as stream:
            assert stream.read(4) == b"line"
        dictionary = zstandard.train_dictionary(2000, text.splitlines()[:2000])
        small = zstandard.ZstdCompressor(dict_data=dictionary).compress(b"line 7 of a log")
        assert zstandard.ZstdDecompressor(dict_data=dictionary).decompress(small) == b"line 7 of a log"
        try:
            zstandard.decompress(packed[:100] + b"x" * 100)
        except zstandard.ZstdError:
            return len(text)
