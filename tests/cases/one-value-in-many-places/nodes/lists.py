class Nested:
    def process(self, depth):
        value = ["leaf"]
        for _ in range(depth):
            value = [value] * 8
        return value
