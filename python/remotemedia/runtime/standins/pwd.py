"""Stands in for the list of users: there is one, at home in `/tmp`, whom nothing is asked of."""

from __future__ import annotations

import os
from typing import NamedTuple


class struct_passwd(NamedTuple):
    """A user."""

    pw_name: str
    pw_passwd: str
    pw_uid: int
    pw_gid: int
    pw_gecos: str
    pw_dir: str
    pw_shell: str


_user = struct_passwd("sandbox", "x", os.getuid(), os.getgid(), "", "/tmp", "")


def getpwuid(uid: int, /) -> struct_passwd:
    """The user of a number."""
    if uid != _user.pw_uid:
        raise KeyError(f"getpwuid(): uid not found: {uid}")
    return _user


def getpwnam(name: str, /) -> struct_passwd:
    """The user of a name."""
    if name != _user.pw_name:
        raise KeyError(f"getpwnam(): name not found: {name!r}")
    return _user


def getpwall() -> list[struct_passwd]:
    """All users."""
    return [_user]
