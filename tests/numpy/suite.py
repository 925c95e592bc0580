"""Runs a file of numpy's own tests by pytest, in the sandbox."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

# What only numpy's tests use, and ctypes: the component has none of them.
NOT_THERE = (
    "ctypes",
    "numpy._core._multiarray_tests",
    "numpy._core._operand_flag_tests",
    "numpy._core._rational_tests",
    "numpy._core._simd",
    "numpy._core._struct_ufunc_tests",
    "numpy._core._umath_tests",
    "numpy.f2py",
)


class _Skips(type):
    """A class of a module that is not there, with `skip`: to use it skips the test.

    While tests are only collected it stands for whatever is made of it.
    """

    skip: Callable[[], None]

    def __new__(cls, name: str, bases: tuple[type, ...], body: dict[str, Any]) -> _Skips:
        for base in bases:
            base.skip()
        return super().__new__(cls, name, bases, body)

    def __call__(cls, *_: object, **__: object) -> object:
        cls.skip()
        return cls

    __mul__ = __call__


class _Missing(ModuleType):
    """In the place of a module: what asks it for something is skipped."""

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        if name == "get_fpu_mode":
            # numpy asks for it around each test: WebAssembly has one mode.
            return int

        def skip() -> None:
            if "PYTEST_CURRENT_TEST" in os.environ:
                pytest.skip(f"needs {self.__name__}, which is not there")

        return _Skips(name, (), {"skip": staticmethod(skip)})


def _tests_below(root: Path) -> None:
    """Let numpy's packages find their tests, which are in a folder of their own."""
    for package in sorted({tests.parent for tests in root.rglob("tests")} | {root / "numpy"}):
        name = ".".join(package.relative_to(root).parts)
        import_module(name).__path__.append(str(package))
    # Few tests of the files that import them need them; numpy itself looked for ctypes
    # when the component was built.
    for name in NOT_THERE:
        missing = sys.modules.setdefault(name, _Missing(name))
        parent, _, child = name.rpartition(".")
        if parent:
            setattr(sys.modules[parent], child, missing)


class _Report:
    """Counts what pytest tells."""

    def __init__(self) -> None:
        self.counts = dict.fromkeys(("passed", "skipped", "xfailed", "xpassed"), 0)
        self.failed: dict[str, str] = {}
        self.skipped: dict[str, int] = {}

    def pytest_runtest_logreport(self, report: Any) -> None:
        if hasattr(report, "wasxfail"):
            if report.skipped:
                self.counts["xfailed"] += 1
            elif report.when == "call":
                self.counts["xpassed"] += 1
        elif report.failed:
            self._fail(report)
        elif report.skipped:
            self.counts["skipped"] += 1
            reason = str(report.longrepr[2]).removeprefix("Skipped: ")
            self.skipped[reason] = self.skipped.get(reason, 0) + 1
        elif report.when == "call":
            self.counts["passed"] += 1

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed:
            self._fail(report)
        elif report.skipped:
            self.counts["skipped"] += 1

    def _fail(self, report: Any) -> None:
        crash = getattr(report.longrepr, "reprcrash", None)
        lines = (crash.message if crash else str(report.longrepr)).strip().splitlines()
        self.failed[report.nodeid] = (lines[0] if crash else lines[-1])[:300]


class Suite:
    """Each item names a file below `numpy`; gives how its tests went."""

    def __init__(self) -> None:
        here = next(Path(entry) for entry in sys.path if (Path(entry) / "numpy/conftest.py").exists())
        _tests_below(here)
        self.root = here

    def process(self, file: str) -> dict[str, object]:
        """Run the tests of one file."""
        report = _Report()
        with warnings.catch_warnings():
            code = pytest.main(
                [
                    str(self.root / "numpy" / file),
                    f"--rootdir={self.root}",
                    f"--config-file={self.root / 'pytest.ini'}",
                    # The descriptors of the standard streams can't be copied here.
                    "--capture=sys",
                    "-pno:cacheprovider",
                    "-pno:faulthandler",
                    "-pno:terminal",
                ],
                plugins=[report],
            )
        return {
            "file": file,
            "exit": int(code),
            **report.counts,
            "failed": report.failed,
            "why_skipped": report.skipped,
        }
