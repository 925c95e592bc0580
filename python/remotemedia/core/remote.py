"""Where a node would run elsewhere. Nothing here connects to anything."""

from __future__ import annotations

from .exceptions import ConfigurationError, RemoteExecutionError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn


class RemoteExecutorConfig:
    """The address of a server that runs nodes, kept so that programs that name one still import.

    Running a node there is not possible: a pipeline runs in one place. Calling the config to make a
    remote node raises RemoteExecutionError.
    """

    def __init__(
        self,
        host: str,
        port: int,
        protocol: str = "grpc",
        auth_token: str | None = None,
        timeout: float = 30.0,
        max_retries: int = 3,
        ssl_enabled: bool = True,
        pip_packages: list[str] | None = None,
    ) -> None:
        if protocol not in ("grpc", "http"):
            raise ConfigurationError(f"protocol must be grpc or http, not {protocol!r}")
        if not 0 < port <= 65535:
            raise ConfigurationError(f"port must be between 1 and 65535, not {port}")
        if timeout <= 0:
            raise ConfigurationError(f"timeout must be more than 0, not {timeout}")
        self.host = host
        self.port = port
        self.protocol = protocol
        self.auth_token = auth_token
        self.timeout = timeout
        self.max_retries = max_retries
        self.ssl_enabled = ssl_enabled
        self.pip_packages = pip_packages

    def __repr__(self) -> str:
        return f"RemoteExecutorConfig({self.host!r}, {self.port})"

    def __call__(self, target: Any, **kwargs: Any) -> NoReturn:
        """Refuse to make a remote node."""
        raise RemoteExecutionError(
            f"nodes cannot be run on {self.host}:{self.port} from here: "
            "put the node itself into the pipeline"
        )
