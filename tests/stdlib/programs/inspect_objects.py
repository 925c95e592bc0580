"""What inspect says of functions, classes and frames."""

import inspect

INPUT = {"a": 1, "b": 2, "extra": 3}


def sample(a, /, b: int, *args, c=3, d, **kwargs) -> str:
    """A sample.

    With more text.
    """
    return f"{a}{b}"


class Base:
    def method(self):
        """Base documentation."""


class Child(Base):
    attribute = 1

    def method(self):
        return inspect.currentframe().f_code.co_name

    @classmethod
    def made(cls):
        return cls()

    @property
    def value(self):
        return 1


async def coroutine():
    pass


def generator():
    received = yield 1
    yield received


class Program:
    def process(self, item):
        signature = inspect.signature(sample)
        bound = signature.bind(1, 2, 5, d=4, e=6)
        bound.apply_defaults()
        running = generator()
        states = [inspect.getgeneratorstate(running)]
        next(running)
        states.append(inspect.getgeneratorstate(running))
        running.close()
        states.append(inspect.getgeneratorstate(running))
        try:
            inspect.signature(lambda a: a).bind(**item)
        except TypeError as error:
            refused = type(error).__name__
        return {
            "signature": str(signature),
            "kinds": [p.kind.name for p in signature.parameters.values()],
            "bound": [bound.args, bound.kwargs],
            "doc": [inspect.getdoc(sample), inspect.getdoc(Child.method)],
            "is": [inspect.iscoroutinefunction(coroutine), inspect.isgeneratorfunction(generator), inspect.isclass(Base)],
            "members": [n for n, _ in inspect.getmembers(Child) if not n.startswith("__")],
            "static": type(inspect.getattr_static(Child, "value")).__name__,
            "mro": [c.__name__ for c in inspect.getmro(Child)],
            "states": states,
            "source": inspect.getsource(generator).splitlines()[0],
            "name": Child().method(),
            "refused": refused,
            "closure": inspect.getclosurevars(Child.method).globals["inspect"] is inspect,
        }
