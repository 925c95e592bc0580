"""Nodes that the SDK runs on a server. They can be put into a manifest; a run refuses them."""

from __future__ import annotations

from ..core.exceptions import RemoteExecutionError
from ..core.node import Node
from ..core.remote import RemoteExecutorConfig

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn, Unpack

    from ..core.node import NodeOptions


class _Remote(Node):
    is_remote = True
    is_streaming = True

    def __init__(self, remote_config: RemoteExecutorConfig, **options: Unpack[NodeOptions]) -> None:
        super().__init__(**options)
        if not isinstance(remote_config, RemoteExecutorConfig):
            raise ValueError("remote_config must be a RemoteExecutorConfig")
        self.remote_config = remote_config

    def process(self, data: Any) -> NoReturn:
        """Refuse: nothing here connects to a server."""
        where = f"{self.remote_config.host}:{self.remote_config.port}"
        raise RemoteExecutionError(
            f"{self.name} is to run on {where}, and nothing here connects to a server: "
            "put the node itself into the pipeline"
        )

    def _extract_params(self) -> dict[str, Any]:
        params = super()._extract_params()
        params.pop("remote_config", None)  # the manifest has it as `host`
        return params


class RemoteExecutionNode(_Remote):
    """A node of another type that is to run on a server."""

    def __init__(
        self,
        node_to_execute: str,
        remote_config: RemoteExecutorConfig,
        node_config: dict[str, Any] | None = None,
        serialization_format: str = "json",
        **options: Unpack[NodeOptions],
    ) -> None:
        super().__init__(remote_config, **options)
        self.node_to_execute = node_to_execute
        self.node_config = node_config or {}
        self.serialization_format = serialization_format
