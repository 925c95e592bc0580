"""Requests made from the OpenAPI document, right ones and wrong ones, and what comes of them."""

from __future__ import annotations

import json
import re

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from openapi_spec_validator import validate as validate_document

from conftest import DOCUMENT
from server import ROOT, pipeline_serve

schema = schemathesis.openapi.from_dict(DOCUMENT)


@schemathesis.serializer("application/x-ndjson")
def lines(_context, value) -> bytes:
    """A body that is made as text is sent as it is."""
    return value.encode() if isinstance(value, str) else json.dumps(value).encode()


@schemathesis.deserializer("application/x-ndjson")
def last_line(_context, response) -> object:
    """Each line has the same schema, and the last one has a status."""
    last = json.loads(response.text.splitlines()[-1])
    assert "status" in last, response.text
    return last


@pytest.fixture(scope="module")
def server():
    with pipeline_serve("--timeout", "600", "--pipelines", ROOT / "examples") as server:
        yield server
        counted = server.request("GET", "/metrics").text
        statuses = set(re.findall(r'requests_total\{.*status="(\d+)"', counted))
        assert statuses >= {"200", "400", "404", "405", "415", "422"}, statuses
        assert "ended" not in counted, "no request ends a run"


def test_document_is_openapi() -> None:
    validate_document(DOCUMENT)


@schema.parametrize()
@settings(
    max_examples=100, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)
def test_operation(case, server) -> None:
    case.call_and_validate(
        base_url=f"http://127.0.0.1:{server.port}",
        # Any object is a manifest for the document, and most can't run.
        excluded_checks=[schemathesis.checks.CHECKS.get_one("positive_data_acceptance")],
    )
