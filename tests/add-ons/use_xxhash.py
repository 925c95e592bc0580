"""xxhash==4.1.0: sums of 32, 64 and 128 bits, with a seed and in parts"""


class Use:
    def process(self, item):
        import xxhash

        # The sums of nothing, as the specification of xxHash has them.
        assert xxhash.xxh32(b"").hexdigest() == "02cc5d05"
        assert xxhash.xxh64(b"").hexdigest() == "ef46db3751d8e999"
        assert xxhash.xxh3_64(b"").hexdigest() == "2d06800538d394c2"
        parts = xxhash.xxh3_128(seed=7)
        for number in range(100):
            parts.update(bytes([number]) * 1000)
        whole = b"".join(bytes([number]) * 1000 for number in range(100))
        assert parts.digest() == xxhash.xxh3_128(whole, seed=7).digest()
        return xxhash.xxh64(whole).hexdigest()
