"""Descriptors: validation, laziness, __set_name__, properties, slots, __getattr__."""

INPUT = [{"width": 3, "height": 4}, {"width": -1, "height": 4}, {"width": "x", "height": 1}]


class Positive:
    def __set_name__(self, owner, name):
        self.name = name

    def __get__(self, instance, owner=None):
        return self if instance is None else instance.__dict__[self.name]

    def __set__(self, instance, value):
        if not isinstance(value, int):
            raise TypeError(f"{self.name} must be an int")
        if value <= 0:
            raise ValueError(f"{self.name} must be positive")
        instance.__dict__[self.name] = value

    def __delete__(self, instance):
        raise AttributeError(f"{self.name} stays")


class Lazy:
    def __init__(self, function):
        self.function = function

    def __get__(self, instance, owner=None):
        value = self.function(instance)
        instance.__dict__[self.function.__name__] = value
        return value


class Box:
    width = Positive()
    height = Positive()
    computed = 0

    def __init__(self, width, height):
        self.width, self.height = width, height

    @Lazy
    def area(self):
        Box.computed += 1
        return self.width * self.height

    @property
    def scale(self):
        return 1

    @scale.setter
    def scale(self, factor):
        self.width *= factor

    def __getattr__(self, name):
        if name.startswith("half_"):
            return getattr(self, name[5:]) / 2
        raise AttributeError(name)


class Program:
    def process(self, item):
        results = []
        for values in item:
            try:
                box = Box(**values)
                box.scale = 2
                results.append([box.area, box.area, box.half_height, box.width])
            except (TypeError, ValueError) as error:
                results.append([type(error).__name__, str(error)])
        box = Box(1, 1)
        try:
            del box.width
        except AttributeError as error:
            results.append(str(error))
        return {
            "results": results,
            "computed": Box.computed,
            "class_access": type(Box.width).__name__,
            "missing": hasattr(box, "nothing"),
            "super": [list.__add__([1], [2]), (5).__add__(3), "x".__mul__(2)],
        }
