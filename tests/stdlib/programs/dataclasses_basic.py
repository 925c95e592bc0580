"""Dataclasses: defaults, ordering, frozen, fields, conversion."""

from dataclasses import FrozenInstanceError, asdict, astuple, dataclass, field, fields, replace

INPUT = {"name": "mixer", "channels": [1, 2], "gain": 0.5}


@dataclass(order=True)
class Track:
    sort_key: float = field(init=False, repr=False)
    name: str
    channels: list = field(default_factory=list)
    gain: float = 1.0

    def __post_init__(self):
        self.sort_key = -self.gain


@dataclass(frozen=True, slots=True)
class Point:
    x: int
    y: int = 0


@dataclass(kw_only=True)
class Labelled(Track):
    label: str = "none"
    cache: dict = field(default_factory=dict, compare=False, repr=False)


class Program:
    def process(self, item):
        track = Track(**item)
        loud = replace(track, gain=2.0, name="loud")
        try:
            Point(1).x = 5
        except FrozenInstanceError as error:
            frozen = type(error).__name__
        labelled = Labelled(name="l", label="top", cache={"a": 1})
        return {
            "repr": repr(track),
            "dict": asdict(track),
            "tuple": astuple(loud),
            "sorted": [t.name for t in sorted([track, loud])],
            "fields": [[f.name, f.init, f.compare] for f in fields(Labelled)],
            "equal": [labelled == Labelled(name="l", label="top"), Point(1, 2) == Point(1, 2)],
            "hash": len({Point(1, 2), Point(1, 2), Point(2, 1)}),
            "frozen": frozen,
            "slots": Point.__slots__,
            "match": Track.__match_args__,
            "fresh": Track("a").channels is not Track("b").channels,
        }
