"""bytes, bytearray and memoryview: methods, slices, casts, mutation."""

INPUT = [72, 101, 108, 108, 111, 0, 255]


class Program:
    def process(self, item):
        data = bytes(item)
        array = bytearray(data)
        array[0:2] = b"JAY"
        array += b"!"
        del array[-2]
        array.insert(1, 42)
        view = memoryview(bytearray(range(12)))
        grid = view.cast("B", (3, 4))
        view[2:4] = b"\xff\xfe"
        words = view.cast("H")
        errors = []
        for call in (lambda: bytes([256]), lambda: data.decode("ascii"), lambda: bytes("x"), lambda: memoryview(b"x").__setitem__(0, 1)):
            try:
                errors.append(call())
            except (ValueError, TypeError) as error:
                errors.append(type(error).__name__)
        return {
            "data": data,
            "array": array,
            "hex": [data.hex(), data.hex(":", 2), bytes.fromhex("de ad BE ef")],
            "methods": [data.find(b"l"), data.replace(b"l", b"L"), data.split(b"l"), data[:5].upper(), data[:5].isalpha()],
            "translate": bytes.maketrans(b"abc", b"xyz")[97:100],
            "deleted": b"hello".translate(None, b"l"),
            "slices": [data[0], data[1:2], data[::-1]],
            "view": [bytes(view[:6]), view.nbytes, view.readonly],
            "grid": [grid.shape, grid[1, 2], grid.tolist()[2]],
            "words": words[1] in (0xFEFF, 0xFFFE),
            "joined": b", ".join([b"a", bytearray(b"b")]),
            "errors": errors,
            "compare": [b"a" < b"b", b"a" == bytearray(b"a"), b"" == bytes()],
            "int": [int.from_bytes(data[:4], "big"), list((1024).to_bytes(2, "little"))],
        }
