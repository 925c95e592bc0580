"""Run pipelines in the WebAssembly component, from Python.

    from remotemedia.sandbox import Sandbox

    sandbox = Sandbox()
    print(sandbox.run("examples/multiply_add.json").outputs)

Every run has a fresh instance: it sees no files but those that it is given, no network and no
environment. The wheel of this package has all that it takes; `Sandbox(dist=...)` takes the
component from a folder that was built elsewhere.
"""

from __future__ import annotations

from ..runtime.source import to_node
from .errors import Interrupted, LimitError
from .host import CheckResult, Sandbox, Session

__all__ = [
    "CheckResult",
    "Interrupted",
    "LimitError",
    "Sandbox",
    "Session",
    "to_node",
]
