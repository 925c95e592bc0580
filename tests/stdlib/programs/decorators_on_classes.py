"""Class decorators, __class_getitem__, __call__, mixins, MRO, super, cooperative calls."""

INPUT = ["save", "load", "nothing"]


def commands(cls):
    cls.commands = {name[3:]: value for name, value in vars(cls).items() if name.startswith("do_")}
    return cls


def singleton(cls):
    made = []

    def get(*args):
        if not made:
            made.append(cls(*args))
        return made[0]

    return get


class Base:
    def __init__(self, **options):
        self.trail = ["Base"]
        assert not options, options

    def hello(self):
        return ["base"]


class Loud(Base):
    def __init__(self, *, volume=1, **options):
        super().__init__(**options)
        self.volume = volume
        self.trail.append("Loud")

    def hello(self):
        return ["loud", *super().hello()]


class Polite(Base):
    def __init__(self, *, title="", **options):
        super().__init__(**options)
        self.title = title
        self.trail.append("Polite")

    def hello(self):
        return ["polite", *super().hello()]


class Both(Loud, Polite):
    def hello(self):
        return ["both", *super().hello()]


@commands
class App:
    def do_save(self):
        return "saved"

    def do_load(self):
        return "loaded"

    def __class_getitem__(cls, key):
        return f"App[{key}]"

    def __call__(self, name):
        return self.commands.get(name, lambda self: "unknown")(self)


@singleton
class Settings:
    def __init__(self, value):
        self.value = value


class Program:
    def process(self, item):
        app, both = App(), Both(volume=3, title="Dr")
        try:
            type("Wrong", (Base, Loud), {})
        except TypeError as error:
            order = type(error).__name__
        return {
            "called": [app(name) for name in item],
            "getitem": App["int"],
            "singleton": [Settings(1).value, Settings(2).value],
            "mro": [cls.__name__ for cls in Both.__mro__],
            "hello": both.hello(),
            "trail": both.trail,
            "order": order,
            "bound": [App.do_save(app), app.do_save.__self__ is app, callable(app)],
            "dir": [name for name in dir(both) if not name.startswith("_")],
        }
