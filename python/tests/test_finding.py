from __future__ import annotations

import sys

import pytest

from remotemedia.nodes._registry import REGISTERED
from remotemedia.runtime import bridge
from remotemedia.runtime.bridge import NodeUnavailable, UnknownNodeType


@pytest.fixture
def nodes(tmp_path, monkeypatch):
    """Write files into a directory of nodes; names that were found are forgotten at the end."""
    monkeypatch.syspath_prepend(str(tmp_path))
    modules, registered = set(sys.modules), dict(REGISTERED)

    def write(**files):
        for name, text in files.items():
            path = tmp_path / f"{name.replace('__', '/')}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return tmp_path

    yield write
    for name in set(sys.modules) - modules:
        del sys.modules[name]
    REGISTERED.clear()
    REGISTERED.update(registered)
    bridge._classes.clear()
    bridge._infos.clear()


SHOUT = "class ShoutOfOne:\n    def process(self, text):\n        return text.upper()\n"


def test_a_class_is_found_by_its_name(nodes):
    nodes(deep__shouting=SHOUT, other="x = ShoutOfOne = 1\n")
    assert bridge.find_class("ShoutOfOne").__module__ == "deep.shouting"
    assert bridge.describe("ShoutOfOne").node_type == "ShoutOfOne"


def test_two_classes_of_a_name_are_an_error_that_names_both(nodes):
    root = nodes(a=SHOUT, b=SHOUT)
    with pytest.raises(UnknownNodeType) as caught:
        bridge.find_class("ShoutOfOne")
    said = str(caught.value)
    assert f"`{root}/a.py` and `{root}/b.py`" in said
    assert "write `a:ShoutOfOne` or `b:ShoutOfOne`" in said


def test_one_that_is_imported_from_another_file_is_not_a_second(nodes):
    nodes(a=SHOUT, b="from a import ShoutOfOne\n\n\nclass Louder(ShoutOfOne):\n    pass\n")
    assert bridge.find_class("ShoutOfOne").__module__ == "a"


def test_registered_names_are_found(nodes):
    nodes(
        c="from remotemedia.core.multiprocessing import MultiprocessNode, register_node\n\n\n"
        '@register_node("tts-of-mine")\nclass Speaks(MultiprocessNode):\n'
        "    def process(self, data):\n        return data\n"
    )
    assert bridge.find_class("tts-of-mine").__name__ == "Speaks"


def test_a_dot_is_as_good_as_a_colon(nodes):
    nodes(d__e=SHOUT)
    assert bridge.find_class("d.e.ShoutOfOne").__name__ == "ShoutOfOne"
    with pytest.raises(UnknownNodeType, match="write `no.such:Thing`"):
        bridge.find_class("no.such.Thing")


def test_own_classes_go_before_what_is_left_out(nodes):
    with pytest.raises(NodeUnavailable, match="kokoro"):
        bridge.find_class("KokoroTTSNode")
    nodes(tts=SHOUT.replace("ShoutOfOne", "KokoroTTSNode"))
    assert bridge.find_class("KokoroTTSNode").__module__ == "tts"


def test_files_of_a_configuration(nodes):
    two = SHOUT + "\n\n" + SHOUT.replace("ShoutOfOne", "Whisper")
    nodes(nodes__mine=SHOUT, nodes__two=two, other__mine=SHOUT.replace("One", "Two"))
    assert bridge.classes_of_file("./nodes/mine.py") == [("nodes.mine:ShoutOfOne", "ShoutOfOne")]
    both = [name for _, name in bridge.classes_of_file("/somewhere/nodes/two.py")]
    assert both == ["ShoutOfOne", "Whisper"]
    assert bridge.classes_of_file("nodes/none.py") == []


def test_a_file_written_as_part_of_the_package(nodes):
    text = "from ..core.node import Node\n\n\nclass Part(Node):\n    def process(self, data):\n"
    nodes(audio_part=text + "        return data\n")
    cls = bridge.find_class("audio_part:Part")
    assert cls.__module__ == "remotemedia.nodes.audio_part"
    assert bridge.find_class("Part") is cls


def test_names_of_files_that_begin_with_a_digit(nodes):
    (nodes() / "01_first.py").write_text(SHOUT)
    assert bridge.find_class("01_first:ShoutOfOne").__module__ == "01_first"
    with pytest.raises(UnknownNodeType, match="must read `module:Class`"):
        bridge.find_class("a..b:C")
