from __future__ import annotations

import sys

import pytest

from remotemedia.runtime import bridge, importing

pytestmark = pytest.mark.skipif(sys.platform == "wasi", reason="it writes files")


@pytest.fixture
def own(tmp_path, monkeypatch):
    nodes = tmp_path / "nodes"
    nodes.mkdir()
    monkeypatch.setattr(sys, "path", [str(nodes), *sys.path])
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, importing.Finder])
    before = set(sys.modules)
    yield nodes
    for name in set(sys.modules) - before:
        del sys.modules[name]


def write(path, text=""):
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)


def test_links_and_native_extensions_are_named(own):
    write(own / "package" / "__init__.py")
    write(own / "package" / "quick.pyd")
    (own / "gone.py").symlink_to("nowhere.py")
    with pytest.raises(ModuleNotFoundError, match=r"`.*gone\.py` is a link to something"):
        __import__("gone")
    with pytest.raises(ImportError, match=r"quick\.pyd` is a native extension"):
        exec("from package import quick")
    with pytest.raises(ModuleNotFoundError, match="No module named 'package.slow'"):
        __import__("package.slow")
    with pytest.raises(bridge.NodeUnavailable, match=r"`gone:Gone`: `.*gone\.py` is a link"):
        bridge.find_class("gone:Gone")
    assert sorted(code for code, _, _ in importing._doubts(str(own))) == [
        "native-extension",
        "unusable-link",
    ]


def test_names_of_the_standard_library(own):
    write(own / "random.py")
    write(own / "json" / "__init__.py")
    write(own / "csv" / "data.txt")
    assert importing.namesake("random") == f"{own}/random.py"
    assert importing.namesake("own") is None
    import random

    try:
        random.throw_dice()
    except AttributeError as error:
        assert f"rename `{own}/random.py`" in bridge.describe_error(error)
    with pytest.raises(bridge.UnknownNodeType, match=r"rename `.*random\.py`"):
        bridge.find_class("random:Dice")
    messages = [message for _, message, _ in importing._doubts(str(own))]
    assert len(messages) == 2 and all("standard library" in message for message in messages)


def test_files_behind_links_are_named(own):
    (own / "data.csv").symlink_to("../elsewhere.csv")
    with pytest.raises(FileNotFoundError) as raised:
        open(own / "data.csv")
    assert bridge.describe_error(raised.value).endswith("that holds both)")
    with pytest.raises(FileNotFoundError) as raised:
        open(own / "nothing.csv")
    assert bridge.describe_error(raised.value).endswith("nothing.csv'")


def test_other_errors_get_no_advice():
    for error in (ValueError("x"), AttributeError("y"), ImportError("z"), KeyError("k")):
        assert importing.hint(error) == ""
    assert bridge.describe_error(KeyError("k")) == "KeyError: 'k'"
    assert bridge.describe_error(ValueError()) == "ValueError"
