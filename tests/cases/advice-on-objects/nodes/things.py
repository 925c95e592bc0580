import dataclasses
import pathlib


@dataclasses.dataclass
class Record:
    size: int = 1


class Numbers:
    def tolist(self):
        return [1]


def going_round():
    items = [1]
    items.append(items)
    return items


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
            "round": {"all": going_round()},
            "half": ["\ud83d"],
        }[self.what]
