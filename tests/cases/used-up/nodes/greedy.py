import itertools


class Memory:
    def process(self, count):
        return len([bytes(1 << 20) for _ in range(count)])


class Copies:
    def process(self, count):
        return [bytes(4 << 20)] * count


class Calls:
    def process(self, depth):
        chain = iter([1])
        for _ in range(depth):
            chain = itertools.chain(chain)
        return next(chain)


class Recursion:
    def process(self, item):
        return self.process(item)
