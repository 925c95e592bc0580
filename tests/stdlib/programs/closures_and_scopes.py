"""Closures, late binding, nonlocal, default arguments, decorators with state."""

INPUT = [1, 2, 3]

counter = 0


def memoize(function):
    cache = {}

    def inner(*args):
        if args not in cache:
            cache[args] = function(*args)
        return cache[args]

    inner.cache = cache
    return inner


def repeat(times):
    def decorate(function):
        def inner(*args, **kwargs):
            return [function(*args, **kwargs) for _ in range(times)]

        return inner

    return decorate


@memoize
def ways(steps):
    return 1 if steps <= 1 else ways(steps - 1) + ways(steps - 2)


@repeat(2)
def greet(name, *, mark="!"):
    return name + mark


def account(balance):
    def deposit(amount):
        nonlocal balance
        balance += amount
        return balance

    return deposit, lambda: balance


def appends(value, into=[]):
    into.append(value)
    return list(into)


class Program:
    def process(self, item):
        global counter
        late = [lambda: n for n in item]
        bound = [lambda n=n: n for n in item]
        deposit, balance = account(100)
        deposit(50)
        counter += sum(item)
        n = "outer"
        inner = [n for n in item]
        compose = lambda *fs: lambda x: compose(*fs[1:])(fs[0](x)) if fs else x
        return {
            "late": [f() for f in late],
            "bound": [f() for f in bound],
            "balance": [balance(), deposit(-20)],
            "ways": [ways(30), len(ways.cache)],
            "greet": greet("hi", mark="?"),
            "counter": counter,
            "scope": [n, inner],
            "defaults": [appends(1), appends(2), appends(3, [0])],
            "composed": compose(lambda x: x + 1, lambda x: x * 10)(4),
            "unpacked": (lambda a, *b, c=0, **d: [a, b, c, sorted(d)])(*item, c=9, **{"z": 1}),
        }
