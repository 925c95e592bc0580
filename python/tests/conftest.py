"""Shared fixtures."""

from __future__ import annotations

import os
import sys
import textwrap
from pathlib import Path

import pytest

import remotemedia
from remotemedia.runtime import bridge, loop, patches

IN_SANDBOX = sys.platform == "wasi"
if not IN_SANDBOX:
    # The compiled core of this checkout, which lies where the build leaves it.
    built = Path(__file__).resolve().parents[2] / "target/core"
    remotemedia.__path__.append(os.environ.get("PIPELINE_CORE") or str(built))
if IN_SANDBOX:
    # The same tests also run inside the component: there the patches are in place from the start.
    patches.install()


@pytest.fixture(autouse=True)
def _closed_runtime():
    """No test leaves a loop to the next."""
    yield
    bridge.close_runtime()


@pytest.fixture
def sandbox(monkeypatch):
    """The patches and the loop of the sandbox, natively."""
    if IN_SANDBOX:
        yield
        return
    monkeypatch.setattr(loop, "IN_SANDBOX", True)
    patches.install()
    yield
    bridge.close_runtime()
    patches.remove()


@pytest.fixture(params=["sandbox"] if IN_SANDBOX else ["native", "sandbox"])
def both(request):
    """Run the test with the native loop and with that of the sandbox."""
    if request.param == "sandbox":
        request.getfixturevalue("sandbox")
    return request.param


@pytest.fixture
def module(tmp_path, monkeypatch):
    """Write modules that tests import."""
    monkeypatch.syspath_prepend(str(tmp_path))
    written = []

    def write(name, text):
        (tmp_path / f"{name}.py").write_text(textwrap.dedent(text))
        written.append(name)
        return name

    yield write
    for name in written:
        sys.modules.pop(name, None)
        for known in [key for key in bridge._classes if key.startswith(f"{name}:")]:
            bridge._classes.pop(known)
            bridge._infos.pop(known, None)
