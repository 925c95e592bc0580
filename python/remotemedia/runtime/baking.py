"""What happens in the component while a pipeline is baked into it.

Modules are imported once then, and instances begin with what that left in memory. What no two
instances may share is found here, and renewed in each of them.
"""

from __future__ import annotations

import gc
import sys
from os import urandom

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random
    from types import ModuleType
    from typing import Any

_renewals: list[Callable[[], object]] = []
"""What each instance does first."""

_unseeded: dict[int, Random] = {}
_drawn: set[int] = set()
_undo: list[Callable[[], None]] = []


class Bake:
    """Puts files into the component, and asks for a pipeline when all of them are there."""

    def __init__(self, manifest: str, others: bool, initialize: bool) -> None:
        self.request = (manifest, others, initialize)

    def process(self, file: dict[str, Any]) -> None:
        """Take a file: where it is to be, and what is in it."""
        from _baking import add  # type: ignore[import-not-found]

        add(file["mount"], file["path"], file["packed"], file["size"])

    def flush(self) -> None:
        """Ask for the pipeline."""
        from _baking import bake

        bake(*self.request)


def renew() -> None:
    """Renew what was baked, in an instance."""
    for renewal in _renewals:
        renewal()


def begin() -> None:
    """Watch what is seeded by chance from now on, and find modules where they are now."""
    sys.path_importer_cache.clear()
    from random import Random

    original: Any = Random.seed

    def seed(self: Random, a: Any = None, version: int = 2) -> None:
        original(self, a, version)
        if a is None:
            _unseeded[id(self)] = self
        else:
            _unseeded.pop(id(self), None)

    _set(Random, "seed", seed)
    if "numpy" in sys.modules:
        _watch_numpy()


def _set(owner: Any, name: str, value: object) -> None:
    original = getattr(owner, name)
    _undo.append(lambda: setattr(owner, name, original))
    setattr(owner, name, value)


def _watch_numpy() -> None:
    import numpy.random.bit_generator as generators

    from . import with_numpy

    original: Any = generators.randbits  # type: ignore[attr-defined]

    def randbits(count: int) -> int:
        bits: int = original(count)
        _drawn.add(bits)
        return bits

    _set(generators, "randbits", randbits)
    _set(with_numpy, "revealed", _watch_state)


def _watch_state(mtrand: ModuleType) -> None:
    """Let each instance seed numpy's global state, unless the program does so itself."""
    seed_it: Any = mtrand._rand.seed
    _renewals.append(seed_it)

    def seed(*arguments: Any, **named: Any) -> None:
        if seed_it in _renewals:
            _renewals.remove(seed_it)
        seed_it(*arguments, **named)

    for module in (mtrand, sys.modules["numpy.random"]):
        _set(module, "seed", seed)


def unfinished() -> str:
    """What is still under way after nodes were initialised, if anything."""
    loop = sys.modules.get("remotemedia.runtime.loop")
    driver = getattr(loop._local_state, "driver", None) if loop is not None else None
    if driver is None:
        return ""
    from asyncio import all_tasks

    coroutines: list[Any] = [task.get_coro() for task in all_tasks(driver.loop)]
    return ", ".join(sorted(it.__qualname__ for it in coroutines))


def end() -> None:
    """Put back what was watched, and note what each instance has to renew."""
    loop = sys.modules.get("remotemedia.runtime.loop")
    if loop is not None:
        loop.close()
    while _undo:
        _undo.pop()()
    _renew_random()
    if "numpy" in sys.modules:
        _renew_numpy()
    _forget("uuid", _node=None, _last_timestamp=None)
    _forget("uuid", _last_timestamp_v6=None, _last_timestamp_v7=None, _last_counter_v7=0)
    _forget("tempfile", _name_sequence=None)


def _forget(name: str, **values: object) -> None:
    """Let a module begin anew with what it made by chance, or of the time."""
    module = sys.modules.get(name)
    if module is not None:
        known = vars(module)
        known.update({key: value for key, value in values.items() if key in known})


def _renew_random() -> None:
    import random

    # Of the module's own generator `refresh` takes care.
    own = getattr(random, "_inst", None)
    _renewals.extend(_seeding(it) for it in _unseeded.values() if it is not own)
    _unseeded.clear()


def _seeding(generator: Random) -> Callable[[], None]:
    return lambda: generator.seed(int.from_bytes(urandom(32), "little"))


def _renew_numpy() -> None:
    from numpy.random import Generator

    known = set()
    for generator in gc.get_objects():
        if isinstance(generator, Generator):
            bits: Any = generator.bit_generator
            entropy = getattr(getattr(bits, "seed_seq", None), "entropy", None)
            if isinstance(entropy, int) and entropy in _drawn and id(bits) not in known:
                known.add(id(bits))
                _renewals.append(_reseeding(bits))
    _drawn.clear()


def _reseeding(bits: Any) -> Callable[[], None]:
    def reseed() -> None:
        bits.state = type(bits)().state

    return reseed
