"""The exceptions of the package, all under `RemoteMediaError`."""

from __future__ import annotations


class RemoteMediaError(Exception):
    """What every exception of this package is."""


class PipelineError(RemoteMediaError):
    """A pipeline is put together wrongly, or failed as a whole."""


class NodeError(RemoteMediaError):
    """One node cannot do what it is asked."""


class RemoteExecutionError(RemoteMediaError):
    """A node that ran elsewhere failed; `remote_traceback` tells where, if it is known."""

    def __init__(self, message: str, remote_traceback: str | None = None) -> None:
        super().__init__(message)
        self.remote_traceback = remote_traceback


class WebRTCError(RemoteMediaError):
    """A WebRTC connection failed."""


class SerializationError(RemoteMediaError):
    """A value cannot be written, or bytes cannot be read."""


class ConfigurationError(RemoteMediaError):
    """A setting has no meaning."""


def telling(error: BaseException) -> str:
    """What an exception says, with its type where the text alone tells nothing."""
    name = type(error).__name__
    try:
        text = str(error)
    except Exception:
        text = "<its text can't be shown>"
    if not text:
        return name
    # The text of a KeyError is the key.
    return f"{name}: {text}" if isinstance(error, (KeyError, SystemExit)) else text
