"""The same component under stock `wasmtime serve`, where there is one.

`PIPELINE_WASMTIME` names it, or it is in target/tools, where the build puts it.
"""

from __future__ import annotations

import json
import os

import pytest
from prometheus_client.parser import text_string_to_metric_families

from remotemedia.runtime.jsonform import parse_json
from server import ROOT, Server, wasmtime_serve
from test_conformance import ALL, check_case

WASMTIME = os.environ.get("PIPELINE_WASMTIME") or ROOT / "target/tools/bin/wasmtime"

pytestmark = pytest.mark.skipif(not os.path.exists(WASMTIME), reason=f"there is no {WASMTIME}")


@pytest.fixture(scope="module")
def server():
    with wasmtime_serve(WASMTIME, "--dir", f"{ROOT / 'examples'}::/pipelines") as server:
        yield server


@pytest.mark.parametrize(
    "case", [pytest.param(case, id=name) for name, case in ALL if "nodes" not in case]
)
def test_conformance_under_stock_wasmtime(server: Server, case: dict, validate) -> None:
    check_case(server, case, validate)


def test_pipelines_by_name_and_streams(server: Server) -> None:
    path = "/v1/pipelines/multiply_add"
    assert server.request("POST", path, b"[5, 7]").json()["outputs"] == [20, 24]
    answer = server.request("POST", path, b"5\n7\n", content_type="application/x-ndjson")
    lines = answer.text.splitlines()
    assert [parse_json(line) for line in lines[:2]] == [{"output": 20}, {"output": 24}]
    assert json.loads(lines[2])["status"] == "success"


def test_what_it_says_of_itself(server: Server, validate) -> None:
    for path in ("/healthz", "/readyz", "/openapi.json", "/v1/nodes", "/v1/pipelines"):
        answer = server.request("GET", path)
        content = answer.json() if answer.media_type == "application/json" else answer.text
        validate(path, "get", answer.status, answer.media_type, content)
        assert answer.status == 200, answer.text
    text = server.request("GET", "/metrics").text
    families = {family.name: family for family in text_string_to_metric_families(text)}
    examples = len(list((ROOT / "examples").glob("*.json")))
    assert families["pipeline_http_manifests"].samples[0].value == examples
    assert families["pipeline_http_info"].samples[0].labels == {"version": "0.2.0"}


def test_mistakes_are_said_in_json(server: Server, validate) -> None:
    for method, path, body, status in [
        ("POST", "/v1/execute", b"{", 400),
        ("POST", "/v1/pipelines/nothing", b"[]", 404),
        ("POST", "/v1/pipelines/%2e%2e%2fREADME", b"[]", 404),
        ("GET", "/v1/execute", None, 405),
    ]:
        answer = server.request(method, path, body)
        assert (answer.status, answer.json()["status"]) == (status, "error")
    # What a page can send to any server without asking it.
    for kind in ("text/plain", None):
        answer = server.request("POST", "/v1/execute", b"{}", content_type=kind)
        assert (answer.status, answer.json()["status"]) == (415, "error")
