"""Shallow and deep copies, cycles, __copy__, __deepcopy__ and memo."""

import copy

INPUT = {"list": [1, [2, 3]], "dict": {"a": {"b": 1}}}


class Node:
    def __init__(self, name):
        self.name, self.links = name, []


class Counted:
    copies = 0

    def __init__(self, value):
        self.value = value

    def __copy__(self):
        return Counted(self.value + 100)

    def __deepcopy__(self, memo):
        Counted.copies += 1
        made = Counted(copy.deepcopy(self.value, memo))
        memo[id(self)] = made
        return made


class Slotted:
    __slots__ = ("a", "b")


class Program:
    def process(self, item):
        shallow, deep = copy.copy(item), copy.deepcopy(item)
        item["list"][1].append(4)
        a, b = Node("a"), Node("b")
        a.links, b.links = [b, a], [a]
        other = copy.deepcopy(a)
        counted = Counted([1])
        pair = copy.deepcopy([counted, counted])
        slotted = Slotted()
        slotted.a = [1]
        clone = copy.copy(slotted)
        shared = [1]
        both = copy.deepcopy([shared, shared])
        return {
            "shallow": shallow["list"],
            "deep": deep["list"],
            "cycle": [other is not a, other.links[1] is other, other.links[0].links[0] is other, other.links[0].name],
            "hooks": [copy.copy(Counted(1)).value, Counted.copies, pair[0] is pair[1]],
            "slotted": [clone.a is slotted.a, hasattr(clone, "b")],
            "shared": both[0] is both[1],
            "atoms": copy.deepcopy("text") == "text" and copy.deepcopy(len) is len,
            "tuple": copy.copy((t := (1, 2))) is t,
        }
