"""msgpack==1.2.4: data in few bytes, by the compiled module"""


class Use:
    def process(self, item):
        import msgpack
        from msgpack import _cmsgpack

        assert msgpack.Packer is _cmsgpack.Packer
        data = {"a": [1, -1, 2**40, 1.5, None, True, b"x", "ü"], "b": msgpack.Timestamp(5)}
        assert msgpack.unpackb(msgpack.packb(data)) == data
        unpacker = msgpack.Unpacker(max_buffer_size=1000)
        unpacker.feed(msgpack.packb(1) + msgpack.packb([2]))
        assert list(unpacker) == [1, [2]]
        try:
            msgpack.unpackb(b"\xc1")
        except msgpack.FormatError:
            pass
        many = [{"id": number, "name": str(number)} for number in range(20_000)]
        return len(msgpack.unpackb(msgpack.packb(many)))
