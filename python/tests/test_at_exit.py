from __future__ import annotations

import weakref

import pytest

from remotemedia.runtime import at_exit


def test_the_last_comes_first_and_nothing_stops_it(capsys):
    done = []

    class Thing:
        pass

    def fails():
        raise SystemExit(3)

    thing = Thing()
    at_exit.register(done.append, 1)
    at_exit.register(fails)
    assert at_exit.register(print) is print
    at_exit.register(done.append, 2)
    at_exit.unregister(print)
    assert at_exit._count() == 3
    weakref.finalize(thing, done.append, 3)
    at_exit.run()
    assert done == [2, 1, 3]
    assert "`" in capsys.readouterr().err
    at_exit.run()
    assert done == [2, 1, 3]
    weakref.finalize(thing, done.append, 4)
    at_exit.run()
    assert done[-1] == 4
    at_exit.register(print)
    at_exit._clear()
    assert at_exit._count() == 0
    with pytest.raises(TypeError):
        at_exit.register(5)
