"""Clients that are generated from the OpenAPI document: they compile, and they work."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from server import ROOT, pipeline_serve

CLIENTS = Path(__file__).resolve().parent / "clients"
OUTPUTS = [2, 3]


@pytest.fixture(scope="module")
def server():
    with pipeline_serve("--timeout", "600") as server:
        yield server


@pytest.fixture(scope="module")
def document(server, tmp_path_factory):
    """The document as the server gives it, as a file."""
    path = tmp_path_factory.mktemp("document") / "openapi.json"
    path.write_text(server.request("GET", "/openapi.json").text, encoding="utf-8")
    return path


def command(*arguments: str | Path, cwd: Path, **environment: str) -> str:
    """What a command prints. It must not fail."""
    ran = subprocess.run(
        arguments, cwd=cwd, env=os.environ | environment, capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


@pytest.fixture(scope="module")
def typescript(document, tmp_path_factory):
    """A directory with the types, and what compiles a client beside them."""
    directory = tmp_path_factory.mktemp("typescript")
    for name in ("package.json", "package-lock.json", "tsconfig.json"):
        shutil.copy(CLIENTS / name, directory)
    command("npm", "ci", "--silent", "--no-audit", "--no-fund", cwd=directory)
    generate = directory / "node_modules/.bin/openapi-typescript"
    command(generate, document, "--output", "api.d.ts", cwd=directory)
    return directory


def test_typescript(server, typescript):
    shutil.copy(CLIENTS / "client.ts", typescript)
    command(typescript / "node_modules/.bin/tsc", cwd=typescript)
    printed = command("node", "client.js", f"http://127.0.0.1:{server.port}", cwd=typescript)
    ran, status, refused = json.loads(printed)
    assert ran["outputs"] == OUTPUTS
    assert (status, refused["error"]["kind"]) == (422, "invalid-manifest")


def test_typescript_finds_mistakes(typescript):
    text = (CLIENTS / "client.ts").read_text(encoding="utf-8")
    wrong = text.replace('node_type: "AddNode"', "node_typ: 1")
    assert wrong != text
    (typescript / "client.ts").write_text(wrong, encoding="utf-8")
    compiler = typescript / "node_modules/.bin/tsc"
    ran = subprocess.run([compiler], cwd=typescript, capture_output=True, text=True)
    assert ran.returncode != 0
    assert "node_typ" in ran.stdout


def test_python(server, tmp_path):
    # It has no types that are made of themselves, as items are in the server's document. In the
    # component's they are anything.
    document = ROOT / "http/openapi.json"
    tools = Path(sys.executable).parent
    # It calls ruff by its name.
    path = f"{tools}{os.pathsep}{os.environ['PATH']}"
    generated = tmp_path / "generated"
    generate = [tools / "openapi-python-client", "generate"]
    command(*generate, "--path", document, "--output-path", generated, cwd=tmp_path, PATH=path)
    shutil.copy(CLIENTS / "client.py", tmp_path)
    check = [tools / "mypy", "--strict", "--follow-imports=silent", "client.py"]
    command(*check, cwd=tmp_path, MYPYPATH=str(generated))
    url = f"http://127.0.0.1:{server.port}"
    printed = command(sys.executable, "client.py", url, cwd=tmp_path, PYTHONPATH=str(generated))
    ran, refused = json.loads(printed)
    assert ran["outputs"] == OUTPUTS
    assert refused["error"]["kind"] == "invalid-manifest"
