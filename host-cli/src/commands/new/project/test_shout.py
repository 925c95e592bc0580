"""Tests of the node alone: `pip install remotemedia pytest`, then `pytest`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "nodes"))

from remotemedia.testing import run_node  # noqa: E402
from shout import Shout  # noqa: E402


def test_it_shouts() -> None:
    assert run_node(Shout, ["hello"]) == ["HELLO!"]


def test_it_ends_as_it_is_told() -> None:
    assert run_node(Shout, ["hello"], ending="?") == ["HELLO?"]
