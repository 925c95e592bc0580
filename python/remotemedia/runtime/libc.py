"""What the sandbox's libc does otherwise than others, put right where Python calls it."""

from __future__ import annotations

import errno
import os
import re
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_begin = 0
_libc_strftime = time.strftime

# A directive of strftime as glibc reads it: flags, width, modifier, letter.
_DIRECTIVE = re.compile(r"%([-_0+^#]*)([0-9]*)([EO]?)(.?)", re.DOTALL)
_KNOWN = frozenset("aAbBcCdDeFgGhHIjmMnprRsStTuUVwWxXyYz%")
_OTHERS = {"k": "H", "l": "I"}


def install() -> None:
    """Let `time` and `os` use what is here.

    Some functions are not there at all, since libc has none, and much used code calls them:
    `shutil.copy` and `tarfile` change permissions, others ask who owns a file in `/tmp`.
    """
    time.process_time = process_time
    time.process_time_ns = process_time_ns
    time.strftime = strftime
    os.times = times
    os.chmod = chmod  # type: ignore[assignment]
    os.kill = kill
    for name in ("getuid", "geteuid", "getgid", "getegid"):
        setattr(os, name, _user)


def refresh() -> None:
    """Count the instance's time from now."""
    global _begin
    _begin = time.perf_counter_ns()


def process_time() -> float:
    """Seconds since the instance began, by the only clock there is."""
    return process_time_ns() / 1e9


def process_time_ns() -> int:
    """Nanoseconds since the instance began."""
    return time.perf_counter_ns() - _begin


def times() -> os.times_result:
    """The same as the process's times; others are none."""
    return os.times_result((process_time(), 0.0, 0.0, 0.0, time.perf_counter()))


def chmod(
    path: str | bytes | os.PathLike[str] | os.PathLike[bytes],
    mode: int,
    *,
    follow_symlinks: bool = True,
) -> None:
    """Set the permissions of a file in `/tmp`. Nobody is kept from anything by them."""
    from _permissions import chmod as set_mode  # type: ignore[import-not-found]

    name = os.fsdecode(path)
    try:
        set_mode(name, mode)
    except OSError as error:
        number = error.args[0]
        raise OSError(number, os.strerror(number), name) from None


def _user() -> int:
    """The one user, who owns what is in `/tmp`, and is not root."""
    return 1000


def kill(pid: int, signal: int, /) -> None:
    """Send a signal to the only process there is."""
    if pid != os.getpid():
        raise ProcessLookupError(errno.ESRCH, os.strerror(errno.ESRCH))
    if signal != 0:
        from signal import raise_signal

        raise_signal(signal)


def strftime(format: str, *when: Any) -> str:
    """As glibc does it: a directive that is unknown stays as it is.

    The sandbox's libc gives up then, and all of the text is lost.
    """

    def known(match: re.Match[str]) -> str:
        flags, width, modifier, letter = match.groups()
        plain = flags.replace("^", "").replace("#", "")
        if letter in _KNOWN and plain == flags:
            return match[0]
        if letter == "Z":
            text = getattr(when[0], "tm_zone", None) if when else None
            text = text or "UTC"
        elif letter in _OTHERS:
            text = _libc_strftime(f"%{plain or '_'}{width}{_OTHERS[letter]}", *when)
        elif letter == "P":
            return _libc_strftime("%p", *when).lower()
        elif letter in _KNOWN:
            text = _libc_strftime(f"%{plain}{width}{modifier}{letter}", *when)
        else:
            return f"%{match[0]}"
        if "^" in flags or ("#" in flags and letter in "aAbBh"):
            text = text.upper()
        elif "#" in flags and letter in "pZ":
            text = text.lower()
        return text.replace("%", "%%")

    return _libc_strftime(_DIRECTIVE.sub(known, format), *when)
