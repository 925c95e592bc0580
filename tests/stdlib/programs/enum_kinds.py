"""Enum, IntEnum, StrEnum, Flag, auto, aliases, members with methods."""

from enum import Enum, Flag, IntEnum, IntFlag, StrEnum, auto, unique

INPUT = ["RED", "CRIMSON", "blue", 3]


class Colour(Enum):
    RED = 1
    GREEN = 2
    BLUE = 3
    CRIMSON = 1

    @classmethod
    def _missing_(cls, value):
        if isinstance(value, str):
            return cls.__members__.get(value.upper())
        return None

    @property
    def warm(self):
        return self is Colour.RED


class Planet(Enum):
    EARTH = (5.976e24, 6.37814e6)
    MARS = (6.421e23, 3.3972e6)

    def __init__(self, mass, radius):
        self.mass, self.radius = mass, radius

    def gravity(self):
        return round(6.6743e-11 * self.mass / self.radius**2, 3)


class Rights(Flag):
    R = auto()
    W = auto()
    X = auto()
    RW = R | W


class Level(IntEnum):
    LOW = 10
    HIGH = 20


class Mode(StrEnum):
    FAST = auto()
    SLOW = "snail"


class Bits(IntFlag):
    A = 1
    B = 2


class Program:
    def process(self, item):
        try:
            unique(Colour)
        except ValueError as error:
            duplicate = type(error).__name__
        rights = Rights.R | Rights.X
        return {
            "found": [Colour(value).name for value in item],
            "members": [c.name for c in Colour],
            "aliases": list(Colour.__members__),
            "warm": [c.warm for c in Colour],
            "gravity": {p.name: p.gravity() for p in Planet},
            "rights": [rights.value, Rights.W in rights, (rights & Rights.RW).name, (~Rights.R).value, bool(rights & Rights.W)],
            "level": [Level.LOW < Level.HIGH, Level.HIGH + 1, sorted([Level.HIGH, Level.LOW])[0].name],
            "mode": [Mode.FAST == "fast", f"{Mode.SLOW}", Mode("fast").name],
            "bits": [int(Bits.A | Bits.B), (Bits.A | 8) & 8],
            "duplicate": duplicate,
            "functional": [m.name + str(m.value) for m in Enum("Size", "S M L", start=5)],
            "repr": [repr(Colour.CRIMSON), str(Colour.RED)],
        }
