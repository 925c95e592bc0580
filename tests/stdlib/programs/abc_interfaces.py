"""Abstract base classes: registration, subclass hooks, mixins of collections.abc."""

from abc import ABC, abstractmethod
from collections import abc

INPUT = [3, 1, 2]


class Source(ABC):
    @abstractmethod
    def read(self): ...

    @property
    @abstractmethod
    def name(self): ...

    @classmethod
    def __subclasshook__(cls, other):
        return True if hasattr(other, "quacks") else NotImplemented


class Memory(Source):
    name = "memory"

    def read(self):
        return 1


class Duck:
    quacks = True


class Listed(abc.MutableSequence):
    def __init__(self, values):
        self.values = list(values)

    def __getitem__(self, at):
        return self.values[at]

    def __setitem__(self, at, value):
        self.values[at] = value

    def __delitem__(self, at):
        del self.values[at]

    def __len__(self):
        return len(self.values)

    def insert(self, at, value):
        self.values.insert(at, value)


class Bits(abc.Set):
    def __init__(self, values):
        self.mask = 0
        for value in values:
            self.mask |= 1 << value

    def __contains__(self, value):
        return bool(self.mask >> value & 1)

    def __iter__(self):
        return (n for n in range(self.mask.bit_length()) if n in self)

    def __len__(self):
        return self.mask.bit_count()


class Program:
    def process(self, item):
        try:
            Source()
        except TypeError as error:
            refused = type(error).__name__
        listed = Listed(item)
        listed.append(9)
        listed.reverse()
        listed += [7]
        bits = Bits([1, 3]) | Bits([3, 5])
        Source.register(tuple)
        return {
            "refused": refused,
            "abstract": sorted(Source.__abstractmethods__),
            "memory": [Memory().read(), isinstance(Memory(), Source)],
            "hook": [issubclass(Duck, Source), isinstance((), Source), isinstance([], Source)],
            "listed": [list(listed), listed.pop(), listed.index(9), listed.count(1), 2 in listed],
            "bits": [sorted(bits), bits > Bits([1]), sorted(bits & Bits([1, 5])), bits.isdisjoint([2])],
            "kinds": [isinstance(value, kind) for value, kind in (({}, abc.Mapping), ("", abc.Sequence), (len, abc.Callable), (iter([]), abc.Iterator))],
        }
