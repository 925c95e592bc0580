"""What the tests share."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "conformance"), str(HERE.parents[1] / "python")]

DOCUMENT = json.loads((HERE.parents[1] / "http/openapi.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def validate():
    """Checks an answer against the OpenAPI document, as a path template's."""
    registry = Registry().with_resource(
        "urn:openapi",
        Resource.from_contents({"$schema": Draft202012Validator.META_SCHEMA["$id"]} | DOCUMENT),
    )

    def check(template: str, method: str, status: int, media_type: str, body: object) -> None:
        answers = DOCUMENT["paths"][template][method]["responses"]
        answer = answers[str(status)]
        pointer = f"/paths/{escape(template)}/{method}/responses/{status}"
        if "$ref" in answer:
            pointer = answer["$ref"].removeprefix("#")
            answer = DOCUMENT["components"]["responses"][pointer.rpartition("/")[2]]
        assert media_type in answer["content"], f"{template} {status}: {media_type}"
        pointer += f"/content/{escape(media_type)}/schema"
        validator = Draft202012Validator({"$ref": f"urn:openapi#{pointer}"}, registry=registry)
        validator.validate(body)

    return check


def escape(part: str) -> str:
    """A key in a JSON pointer."""
    return part.replace("~", "~0").replace("/", "~1").replace("{", "%7B").replace("}", "%7D")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Writes what the conformance cases came to, for the table of hosts."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or session.config.option.keyword:
        return
    passed, failed = (
        sum("test_conformance.py::" in report.nodeid for report in reporter.stats.get(kind, []))
        for kind in ("passed", "failed")
    )
    if not passed:
        return
    from server import DIST, ROOT

    said = subprocess.run([DIST / "pipeline", "--version"], capture_output=True, text=True)
    result = {
        "host": "HTTP, by `pipeline serve`",
        "version": said.stdout.strip(),
        "component": "pipeline-http.wasm",
        "cases": {"passed": passed, "failed": failed, "skipped": []},
        "works": ["execute", "execute-with-input", "list-nodes", "check", "session"],
        "not": [],
    }
    directory = ROOT / "target/hosts"
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "http.json").write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
