"""msgpack==1.2.4: data in few bytes"""


class Use:
    def process(self, item):
        import msgpack

        data = {"a": [1, -1, 2**40, 1.5, None, True, b"x", "ü"], "b": msgpack.Timestamp(5)}
        assert msgpack.unpackb(msgpack.packb(data)) == data
        unpacker = msgpack.Unpacker()
        unpacker.feed(msgpack.packb(1) + msgpack.packb([2]))
        return list(unpacker)
