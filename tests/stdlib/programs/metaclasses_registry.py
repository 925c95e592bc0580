"""Metaclasses: a registry, __prepare__, __call__, class checks, __init_subclass__, __set_name__."""

INPUT = ["circle", "square", "nothing"]


class Ordered(type):
    registry = {}

    @classmethod
    def __prepare__(mcs, name, bases, **options):
        return {"created_by": "prepare"}

    def __new__(mcs, name, bases, body, *, tag=None):
        cls = super().__new__(mcs, name, bases, dict(body))
        cls.tag = tag
        cls.order = [key for key in body if not key.startswith("__")]
        if tag:
            mcs.registry[tag] = cls
        return cls

    def __init__(cls, name, bases, body, **options):
        super().__init__(name, bases, body)

    def __call__(cls, *args):
        made = super().__call__(*args)
        made.made_by = cls.__name__
        return made

    def __instancecheck__(cls, instance):
        return getattr(instance, "tag", None) is not None or type.__instancecheck__(cls, instance)

    def __len__(cls):
        return len(cls.registry)


class Shape(metaclass=Ordered):
    def __init__(self, size):
        self.size = size


class Circle(Shape, tag="circle"):
    edges = 0
    round = True


class Square(Shape, tag="square"):
    edges = 4


class Plugin:
    found = []

    def __init_subclass__(cls, /, priority=0, **options):
        super().__init_subclass__(**options)
        Plugin.found.append((priority, cls.__name__))


class High(Plugin, priority=9):
    pass


class Low(Plugin):
    pass


class Meta(type):
    pass


class Other(metaclass=Meta):
    pass


class Fake:
    tag = "x"


class Program:
    def process(self, item):
        made = [Ordered.registry[name](2).made_by if name in Ordered.registry else None for name in item]
        try:
            type("Bad", (Shape, Other), {})
        except TypeError as error:
            conflict = type(error).__name__
        return {
            "made": made,
            "order": Circle.order,
            "prepared": Square.created_by,
            "length": len(Shape),
            "check": [isinstance(Fake(), Shape), isinstance(3, Shape)],
            "plugins": sorted(Plugin.found, reverse=True),
            "conflict": conflict,
            "type": [type(Circle).__name__, type("Dynamic", (), {"x": 1})().x],
        }
