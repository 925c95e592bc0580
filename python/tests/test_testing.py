"""One node under test."""

from __future__ import annotations

import pytest

from remotemedia.testing import open_node, run_node


class Shout:
    def __init__(self, ending: str = "!") -> None:
        self.ending = ending
        self.count = 0
        self.log: list[str] = []

    def initialize(self):
        self.log.append("initialize")

    async def process(self, item):
        self.count += 1
        return item.upper() + self.ending if item else None

    def flush(self):
        yield self.count

    def cleanup(self):
        self.log.append("cleanup")


class Doubles:
    is_streaming = True

    async def process(self, items):
        async for item in items:
            yield 2 * item


class Counts:
    def process(self):
        n = 0
        while True:
            yield n
            n += 1


def test_all_items_of_a_class():
    assert run_node(Shout, ["a", "", "b"], ending="?") == ["A?", "B?", 3]
    assert run_node(Doubles, [1, 2]) == [2, 4]


def test_item_by_item():
    with open_node(Shout) as opened:
        assert opened.push("a") == ["A!"]
        assert opened.push("", "") == []
        assert opened.node.count == 3
        assert opened.finish() == [3]
    assert opened.node.log == ["initialize", "cleanup"]


def test_a_source_that_never_ends():
    with open_node(Counts) as opened:
        assert opened.produce(3) == [0, 1, 2]


def test_a_node_that_is_made():
    node = Shout("?")
    assert run_node(node, ["a"]) == ["A?", 1]
    with pytest.raises(TypeError, match="takes no ending"):
        run_node(node, ["a"], ending="!")


def test_what_a_manifest_would_be_refused_for():
    with pytest.raises(TypeError, match="did you mean `ending`"):
        run_node(Shout, ["a"], endin="!")
    with pytest.raises(TypeError, match="expected str, got int 5"):
        run_node(Shout, ["a"], ending=5)
    with pytest.raises(TypeError, match="has no `process` method"):
        run_node(int, [1])


def test_cleanup_comes_after_a_failure():
    node = Shout()
    with pytest.raises(AttributeError):
        run_node(node, [5])
    assert node.log == ["initialize", "cleanup"]
