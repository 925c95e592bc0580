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
