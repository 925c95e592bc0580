"""Run pipelines in the WebAssembly component, from Python: `pip install remotemedia[sandbox]`.

    from remotemedia.sandbox import Sandbox

    sandbox = Sandbox(dist="target/dist")
    print(sandbox.run("examples/multiply_add.json").outputs)

Every run has a fresh instance: it sees no files but those that it is given, no network and no
environment.
"""

from __future__ import annotations

from .host import LimitError, Sandbox

__all__ = ["LimitError", "Sandbox"]
