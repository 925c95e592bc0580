"""Importing the package must stay cheap: every module here costs each run that has no snapshot."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "wasi", reason="starts processes")

HEAVY = {
    "asyncio",
    "collections",
    "dataclasses",
    "datetime",
    "enum",
    "functools",
    "importlib.metadata",
    "inspect",
    "json",
    "logging",
    "re",
    "threading",
    "traceback",
    "typing",
}


@pytest.mark.parametrize(
    "statement",
    [
        "import remotemedia",
        "import remotemedia.nodes",
        "import remotemedia.media",
        "from remotemedia import Node",
        "import remotemedia.runtime.bridge",
        "from remotemedia.runtime import bridge; bridge.describe('TextProcessorNode'); "
        "r = bridge.open_node('TextProcessorNode', 'a', {}); r.initialize(); "
        "list(bridge.expand(r.process({'text': 'x'}))); list(r.finish()); r.cleanup(); "
        "bridge.close_runtime()",
    ],
)
def test_imports_stay_lean(statement):
    code = f"import sys; sys.path[:0] = {sys.path!r}; {statement}; print(*sys.modules)"
    # -S: without site, as in the sandbox; what is there before does not count.
    found = _modules(code) - _modules("import sys; print(*sys.modules)")
    assert not found & HEAVY, sorted(found)


def _modules(code):
    command = [sys.executable, "-I", "-S", "-c", code]
    return set(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split())
