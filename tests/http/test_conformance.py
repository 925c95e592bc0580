"""The conformance cases through POST /v1/execute, each answer checked against the document."""

from __future__ import annotations

import pytest

import cases
from remotemedia.runtime.jsonform import format_json, from_json, parse_json, to_json
from server import pipeline_serve

STATUS = {"internal": 500, "session-closed": 500}
ALL = [(f"{file}/{case['name']}", case) for file, case in cases.read("component")]


@pytest.fixture(scope="module")
def plain():
    with pipeline_serve("--timeout", "600") as server:
        yield server


@pytest.fixture
def server(request, plain, tmp_path):
    nodes = request.getfixturevalue("case").get("nodes")
    if nodes is None:
        yield plain
        return
    cases.write_nodes(nodes, tmp_path)
    with pipeline_serve("--timeout", "600", "--nodes", tmp_path) as own:
        yield own


def forms(items) -> list[str]:
    return [format_json(to_json(from_json(item))) for item in items]


@pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in ALL])
def test_case(server, case, validate) -> None:
    check_case(server, case, validate)


def check_case(server, case, validate) -> None:
    """Runs a case, and compares what comes of it."""
    body = {"manifest": case["manifest"]}
    if "inputs" in case:
        body["inputs"] = case["inputs"]
    sent = format_json(body).encode()
    answer = server.request("POST", "/v1/execute", sent, content_type="application/json")
    text = answer.text
    validate("/v1/execute", "post", answer.status, answer.media_type, answer.json())
    given, expect = parse_json(text), case["expect"]
    failure = expect.get("error")
    if failure is None:
        assert answer.status == 200, text
        assert given["status"] == "success"
        assert forms(given["outputs"]) == forms(expect["outputs"])
        order = given["graph_info"]["execution_order"]
        assert order == expect.get("execution_order", order)
        return
    error = given["error"]
    assert answer.status == STATUS.get(error["kind"], 422), text
    assert error["kind"] == failure.get("kind", error["kind"])
    said = [error["message"], *(it["message"] for it in error["diagnostics"])]
    assert any(failure.get("message_contains", "") in text for text in said)
    assert error["node_id"] == failure.get("node_id", error["node_id"])
    assert error["item"] == failure.get("item", error["item"])
    if "outputs" in failure:
        assert forms(given["outputs"]) == forms(failure["outputs"])
