"""A client of `pipeline serve` over a package that is generated from its OpenAPI document."""

from __future__ import annotations

import json
import sys

from pipelines_over_http_client import Client
from pipelines_over_http_client.api.pipelines import execute
from pipelines_over_http_client.models import Error, Manifest, RunRequest, Success


def main(server: str) -> None:
    """Run a pipeline that works and one that doesn't, and print what came."""
    client = Client(base_url=server)
    manifest = Manifest.from_dict(
        {
            "version": "v1",
            "nodes": [{"id": "add", "node_type": "AddNode", "params": {"addend": 1}}],
        }
    )
    ran = execute.sync(client=client, body=RunRequest(manifest=manifest, inputs=[1, 2]))
    assert isinstance(ran, Success), ran
    wrong = Manifest.from_dict({"version": "v1", "nodes": [{"id": "add", "node_type": "Ad"}]})
    refused = execute.sync(client=client, body=RunRequest(manifest=wrong, inputs=[]))
    assert isinstance(refused, Error), refused
    print(json.dumps([ran.to_dict(), refused.to_dict()]))


if __name__ == "__main__":
    main(sys.argv[1])
