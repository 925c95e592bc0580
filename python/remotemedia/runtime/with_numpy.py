"""numpy in the snapshot: warm, and with random numbers that no two instances share."""

from __future__ import annotations

import sys
from functools import partial

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any


def revealed(mtrand: ModuleType) -> None:
    """Do nothing more when the global state is first asked for, but where a pipeline is baked."""


def rehearse() -> None:
    """Use what nodes commonly use, where numpy is there: the first use of a thing costs most."""
    if "numpy" not in sys.modules:
        return
    import numpy as np

    from ..media import Audio, Tensor
    from .values import scalar_of, tensor_of

    for kind in ("f4", "f8", "i4", "i8", "u1"):
        a = np.arange(12).astype(kind).reshape(3, 4)
        b = a * 2 + 1 - a
        a[0, 1:] = b[1, 1:]
        a[a > 2] = 1
        assert (a.sum(axis=0) + a.max(axis=0) - a.min(axis=0)).shape == (4,)
        np.concatenate([a.ravel(), np.zeros(3, kind)]).sort()
        np.where(a > 1, a, b).mean()
        np.clip(a, 0, 1).T.copy()
        tensor_of(a)
        scalar_of(a[0, 0])
        a.tolist()
    x = np.linspace(0, 1, 16)
    np.sqrt(np.abs(np.sin(x) + np.cos(x) * np.exp(x) - np.log1p(x))).round(2).std()
    x.argmax()
    repr(np.stack([x, x]).astype("f4"))
    np.fft.irfft(np.fft.rfft(x * np.hanning(16)))
    np.fft.ifft(np.fft.fft(x)).real.argsort()
    square = np.eye(3) + x[:9].reshape(3, 3)
    np.linalg.solve(np.linalg.inv(square) @ square, x[:3].dot(square))
    np.linalg.norm(np.linalg.svd(square)[1] - np.linalg.eigh(square @ square.T)[0])
    random = np.random.default_rng(1)
    random.standard_normal(3) + random.random(3) + random.integers(0, 9, 3)
    random.shuffle(x)
    random.choice(x, 2)
    np.random.default_rng()
    np.random.RandomState(1).randn(2)
    np.asarray(Tensor(np.zeros((2, 2), "f4")))
    np.asarray(Audio(np.zeros(4, "f4"), 8000))
    np.frombuffer(bytes(8), "f4").tobytes()
    np.interp(0.5, x, x)


def seed_at_first_use() -> None:
    """Take the functions that draw from the one global state of `numpy.random` out of sight.

    Who asks for any of them brings all back, with a seed of the instance's own: most runs ask for
    none, and seeding would cost each of them more than all else that is renewed.
    """
    mtrand = sys.modules.get("numpy.random.mtrand")
    if mtrand is None:
        return
    names = sorted({*mtrand.__all__, "_rand", "get_bit_generator", "set_bit_generator"})
    names.remove("RandomState")
    hidden = []
    for module in (mtrand, sys.modules["numpy.random"]):
        known = vars(module)
        hidden.append((module, {name: known.pop(name) for name in names if name in known}))

    def reveal(module: ModuleType, name: str) -> Any:
        if hidden and name in names:
            for other, attributes in hidden:
                vars(other).update(attributes)
                del other.__getattr__, other.__dir__
            hidden.clear()
            mtrand._rand.seed()
            revealed(mtrand)
            if name in vars(module):
                return vars(module)[name]
        raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")

    for module, attributes in hidden:
        every = sorted({*vars(module), *attributes})
        module.__getattr__ = partial(reveal, module)  # type: ignore[method-assign]
        module.__dir__ = partial(list, every)  # type: ignore[method-assign]
