import dataclasses
import pathlib


@dataclasses.dataclass
class Record:
    size: int = 1


class Numbers:
    def tolist(self):
        return [1]


class Gives:
    def __init__(self, what):
        self.what = what

    def process(self, item):
        return {
            "record": Record(),
            "path": {"at": pathlib.PurePosixPath("a")},
            "iterator": [0, iter([1])],
            "function": lambda: 1,
            "vector": Numbers(),
        }[self.what]
