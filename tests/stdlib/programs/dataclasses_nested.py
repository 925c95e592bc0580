"""Nested dataclasses to and from plain data."""

from dataclasses import InitVar, asdict, dataclass, field, fields, is_dataclass, make_dataclass
from typing import get_type_hints

INPUT = {"title": "Mix", "owner": {"name": "ann", "age": 30}, "tracks": [{"name": "a", "age": 1}, {"name": "b", "age": 2}]}


@dataclass
class Person:
    name: str
    age: int


@dataclass
class Project:
    title: str
    owner: Person
    tracks: list[Person]
    scale: InitVar[int] = 1
    total: int = field(init=False, default=0)

    def __post_init__(self, scale):
        self.total = scale * sum(track.age for track in self.tracks)


def build(cls, data):
    hints = get_type_hints(cls)
    values = {}
    for f in fields(cls):
        if not f.init or f.name not in data:
            continue
        hint, value = hints[f.name], data[f.name]
        if is_dataclass(hint):
            value = build(hint, value)
        elif getattr(hint, "__origin__", None) is list:
            value = [build(hint.__args__[0], part) for part in value]
        values[f.name] = value
    return cls(**values)


class Program:
    def process(self, item):
        project = build(Project, item)
        Made = make_dataclass("Made", [("x", int), ("y", int, field(default=3))], frozen=True)
        return {
            "back": asdict(project),
            "owner": project.owner == Person("ann", 30),
            "scaled": Project("t", project.owner, project.tracks, scale=10).total,
            "made": repr(Made(1)),
            "pairs": asdict(project, dict_factory=lambda pairs: len(pairs)),
        }
