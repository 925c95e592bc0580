"""Makes libraries work where no thread can be started, and what else the sandbox has not.

Each patch is applied when its module is imported, so a program that never imports `asyncio` or
`threading` does not pay for them. Everything is undone by `remove`, for tests.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import Any

_undo: list[tuple[Any, str, Any, bool]] = []
_MISSING = object()


def _set(owner: Any, name: str, value: Any) -> None:
    own = name in vars(owner)
    _undo.append((owner, name, getattr(owner, name, _MISSING), own))
    setattr(owner, name, value)


def _patch_asyncio(module: Any) -> None:
    """`asyncio.run`, `Runner` and `new_event_loop` make the loop of the sandbox."""
    from .sandbox_loop import SandboxEventLoop

    system = sys.modules.get("asyncio.unix_events") or sys.modules.get("asyncio.windows_events")
    for name in (
        "_UnixDefaultEventLoopPolicy",
        "_DefaultEventLoopPolicy",
        "WindowsProactorEventLoopPolicy",
        "_WindowsProactorEventLoopPolicy",
    ):
        policy = vars(system).get(name) if system is not None else None
        if policy is not None:
            _set(policy, "_loop_factory", SandboxEventLoop)
    for name in ("SelectorEventLoop", "EventLoop"):
        if name in vars(module):
            _set(module, name, SandboxEventLoop)


def _patch_threading(module: Any) -> None:
    """A thread cannot start, and waiting for what only a thread could do is an error."""
    from time import sleep

    def start(self: object) -> None:
        raise RuntimeError(
            "threads cannot be started in the sandbox: use asyncio tasks, or a "
            "concurrent.futures.ThreadPoolExecutor, which runs each call at once"
        )

    def wait(self: Any, timeout: float | None = None) -> bool:
        if not self._is_owned():
            raise RuntimeError("cannot wait on un-acquired lock")
        if timeout is None:
            raise RuntimeError(
                "waits for something that can never happen: there is no other thread in the "
                "sandbox that could do it"
            )
        if timeout > 0:
            sleep(timeout)
        return False

    _set(module.Thread, "start", start)
    _set(module.Condition, "wait", wait)


def _patch_queue(module: Any) -> None:
    """The queue in C would hang; the one in Python waits on a Condition, which complains."""
    _set(module, "SimpleQueue", module._PySimpleQueue)


def _patch_ctypes(module: Any) -> None:
    """Who asks for CPython's functions in C sees that there are none."""
    _set(module, "__getattr__", _no_pythonapi)
    del module.pythonapi


def _no_pythonapi(name: str) -> None:
    if name == "pythonapi":
        raise AttributeError("ctypes.pythonapi is not in the sandbox: nothing in C can be called")
    raise AttributeError(f"module 'ctypes' has no attribute '{name}'")


def _patch_sqlite(module: Any) -> None:
    """Connections lock a database among themselves, and can read it at the same time.

    What SQLite would choose by itself locks out all but one of them, by a directory beside the
    database.
    """
    original: Callable[..., Any] = module.connect

    def connect(database: Any, *more: Any, uri: bool = False, **options: Any) -> Any:
        if len(more) > 6:
            more, uri = more[:6], more[6]
        name = os.fsdecode(database)
        if uri and name.startswith("file:"):
            if "vfs=" not in name:
                name, mark, rest = name.partition("#")
                name += ("&" if "?" in name else "?") + "vfs=unix" + mark + rest
        else:
            for mark in "%?#":
                name = name.replace(mark, f"%{ord(mark):02x}")
            name, uri = f"file:{name}?vfs=unix", True
        return original(name, *more, uri=uri, **options)

    _set(module, "connect", connect)


def _plain_call(fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    return fn(*args, **kwargs)


def _patch_executor(module: Any) -> None:
    """`ThreadPoolExecutor.submit` runs the call at once."""
    from concurrent.futures import Future

    original: Callable[..., None] = module.ThreadPoolExecutor.__init__

    def init(
        self: Any,
        max_workers: int | None = None,
        thread_name_prefix: str = "",
        initializer: Callable[..., object] | None = None,
        initargs: tuple[Any, ...] = (),
        **context: Any,
    ) -> None:
        original(self, max_workers, thread_name_prefix, initializer, initargs, **context)
        self._inline_start = None if initializer is None else (initializer, initargs)

    def submit(self: Any, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        if self._shutdown:
            raise RuntimeError("cannot schedule new futures after shutdown")
        pending, self._inline_start = self._inline_start, None
        if pending is not None:
            pending[0](*pending[1])
        # Without asyncio there is no running loop to hide, and no need to import it.
        call: Callable[..., Any] = _plain_call
        if "asyncio" in sys.modules:
            from .sandbox_loop import call_detached as call
        future: Future[Any] = Future()
        future.set_running_or_notify_cancel()
        try:
            result = call(fn, *args, **kwargs)
        except Exception as error:
            future.set_exception(error)
        else:
            future.set_result(result)
        return future

    _set(module.ThreadPoolExecutor, "__init__", init)
    _set(module.ThreadPoolExecutor, "submit", submit)


def _refuse(what: str) -> Callable[..., None]:
    def refuse(self: object, *args: object, **kwargs: object) -> None:
        raise RuntimeError(
            f"{what} cannot be started in the sandbox: use a "
            "concurrent.futures.ThreadPoolExecutor, which runs each call at once"
        )

    return refuse


def _patch_hashlib(module: Any) -> None:
    """What only OpenSSL has: `pbkdf2_hmac` in Python, `scrypt` as an error at its use."""
    if not hasattr(module, "pbkdf2_hmac"):
        _set(module, "pbkdf2_hmac", _pbkdf2_hmac)
    if not hasattr(module, "scrypt"):
        from .standins import missing

        _set(module, "scrypt", missing("scrypt", "use hashlib.pbkdf2_hmac"))


def _pbkdf2_hmac(
    hash_name: str, password: bytes, salt: bytes, iterations: int, dklen: int | None = None
) -> bytes:
    """Derive a key from a password, as RFC 8018 says."""
    from hmac import new

    if iterations < 1:
        raise ValueError("iteration value must be greater than 0.")
    keyed = new(password, digestmod=hash_name)
    length = keyed.digest_size if dklen is None else dklen
    if length < 1:
        raise ValueError("key length must be greater than 0.")

    def hashed(message: bytes) -> bytes:
        copy = keyed.copy()
        copy.update(message)
        return copy.digest()

    key = b""
    while len(key) < length:
        block = len(key) // keyed.digest_size + 1
        last = hashed(bytes(salt) + block.to_bytes(4, "big"))
        mixed = int.from_bytes(last, "big")
        for _ in range(iterations - 1):
            last = hashed(last)
            mixed ^= int.from_bytes(last, "big")
        key += mixed.to_bytes(keyed.digest_size, "big")
    return key[:length]


def _patch_process(module: Any) -> None:
    _set(module.BaseProcess, "start", _refuse("processes"))


def _patch_pool(module: Any) -> None:
    _set(module.Pool, "__init__", _refuse("worker processes and threads"))
    # An object whose __init__ failed is still finalised.
    _set(module.Pool, "__del__", lambda self: None)


def _patch_numpy_files(module: Any) -> None:
    """`np.save` and `np.load` write and read by Python's own file objects.

    For a real file numpy copies the descriptor, which WASI can't.
    """
    _set(module, "isfileobj", _is_no_file)


def _is_no_file(_: object) -> bool:
    return False


_PATCHES: dict[str, Callable[[Any], None]] = {
    "asyncio": _patch_asyncio,
    "threading": _patch_threading,
    "hashlib": _patch_hashlib,
    "queue": _patch_queue,
    "concurrent.futures.thread": _patch_executor,
    "multiprocessing.process": _patch_process,
    "multiprocessing.pool": _patch_pool,
}
if sys.platform == "wasi":  # where these are other than elsewhere
    _PATCHES |= {
        "ctypes": _patch_ctypes,
        "numpy.lib._format_impl": _patch_numpy_files,
        "sqlite3.dbapi2": _patch_sqlite,
    }


class _Loader:
    """Loads a module as its own loader does, then patches it."""

    def __init__(self, loader: Any, patch: Callable[[Any], None]) -> None:
        self._loader = loader
        self._patch = patch

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        created: ModuleType | None = self._loader.create_module(spec)
        return created

    def exec_module(self, module: ModuleType) -> None:
        self._loader.exec_module(module)
        module.__loader__ = self._loader
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        self._patch(module)


class _Finder:
    """Finds the modules to patch, through the finders that come after it."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        patch = _PATCHES.get(name)
        if patch is None:
            return None
        for finder in sys.meta_path:
            if finder is self:
                continue
            find = getattr(finder, "find_spec", None)
            spec: Any = find(name, path, target) if find else None
            if spec is not None:
                if spec.loader is not None:
                    spec.loader = _Loader(spec.loader, patch)
                found: ModuleSpec = spec
                return found
        return None


_finder: _Finder | None = None


def install() -> None:
    """Patch the modules that are loaded, and the others as they are."""
    global _finder
    if _finder is not None:
        return
    _finder = _Finder()
    sys.meta_path.insert(0, _finder)
    for name, patch in _PATCHES.items():
        if name in sys.modules:
            patch(import_module(name))


def remove() -> None:
    """Undo `install`."""
    global _finder
    if _finder is None:
        return
    sys.meta_path.remove(_finder)
    _finder = None
    while _undo:
        owner, name, value, own = _undo.pop()
        if own:
            setattr(owner, name, value)
        else:
            delattr(owner, name)
