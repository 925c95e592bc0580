"""The schemas that `pipeline schema` prints, on manifests and on what runs print."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess

import pytest
from jsonschema import Draft202012Validator

ROOT = pathlib.Path(__file__).parents[2]
PROGRAM = pathlib.Path(os.environ.get("PIPELINE_DIST", ROOT / "target/dist")) / "pipeline"


def schema(what: str) -> Draft202012Validator:
    printed = subprocess.run([PROGRAM, "schema", what], capture_output=True, check=True, text=True)
    read = json.loads(printed.stdout)
    Draft202012Validator.check_schema(read)
    return Draft202012Validator(read)


SCHEMAS = {what: schema(what) for what in ("manifest", "items", "results", "errors")}


def wrong(what: str, document: object) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in SCHEMAS[what].iter_errors(document)]


def manifests() -> dict[str, object]:
    found = {}
    for file in sorted((ROOT / "examples").glob("**/*.json")):
        document = json.loads(file.read_text("utf-8"))
        if isinstance(document, dict) and ("nodes" in document or "manifest" in document):
            found[str(file.relative_to(ROOT))] = document
    for file in sorted((ROOT / "tests/conformance").glob("*.json")):
        for case in json.loads(file.read_text("utf-8")):
            error = case["expect"].get("error") or {}
            if error.get("kind") != "invalid-manifest":
                found[f"{file.stem}/{case['name']}"] = case["manifest"]
    return found


# The SDK writes the words of a resampler's `quality` with a capital, which is read as well. The
# schema has the words as they are written here. A pipeline on one line is a text, which a schema of
# documents has nothing to say of.
READ_AS_WELL = {
    "manifest-forms/one-line": "is not of type 'object'",
    "sdk-manifests/names-of-the-sdk": "'quality': 'Low'",
    "sdk-manifests/audio-by-the-sdks-names": "'quality': 'Low'",
}
MANIFESTS = manifests()


@pytest.mark.parametrize("name", MANIFESTS)
def test_manifests_that_can_run(name):
    found = wrong("manifest", MANIFESTS[name])
    if spelling := READ_AS_WELL.get(name):
        assert [spelling in error for error in found] == [True]
    else:
        assert found == []


# What `check` refuses for its shape, and where it is wrong.
REFUSED = {
    "bad-ids-and-hosts": "$.nodes[0].id",
    "bad-params": "$.nodes[0]",
    "missing-fields": "$",
    "missing-nodes": "$",
    "no-nodes": "$.nodes",
    "not-an-object": "$",
    "unknown-values": "$.nodes[0]",
    "wrong-type-params": "$.nodes[0]",
    "wrong-types": "$",
}


@pytest.mark.parametrize("name", REFUSED)
def test_manifests_that_are_refused_for_their_shape(name):
    file = ROOT / "component/tests/diagnostics" / f"{name}.json"
    found = wrong("manifest", json.loads(file.read_text("utf-8")))
    assert any(error.startswith(REFUSED[name]) for error in found), found


@pytest.mark.parametrize(
    "name", ["everything-is-fine", "unknown-keys", "unknown-endpoint", "cycle", "surroundings"]
)
def test_manifests_whose_shape_is_right(name):
    file = ROOT / "component/tests/diagnostics" / f"{name}.json"
    assert wrong("manifest", json.loads(file.read_text("utf-8"))) == []


def joined(text):
    return "".join(
        piece["repeat"] * piece["times"] if isinstance(piece, dict) else piece for piece in text
    )


def cases(file: str):
    for case in json.loads((ROOT / "tests/codec" / file).read_text("utf-8"))["cases"]:
        yield case["name"], joined(case["text"]), "error" in case


# Rules that no schema can say, such as how fields go together; 1.0 is an integer to it. What is
# nested up to the limit is too deep for the validator.
BEYOND = (
    "an axis that is a float",
    "metadata at the limit",
    "half a sample",
    "half a frame",
    "too few bytes",
    "more bytes than any has",
    "given twice",
    "metadata beyond it",
)


@pytest.mark.parametrize(
    ("text", "is_wrong"),
    [
        pytest.param(text.removeprefix("\ufeff"), is_wrong, id=name)
        for file in ("values.json", "media.json")
        for name, text, is_wrong in cases(file)
        if not any(rule in name for rule in BEYOND)
    ],
)
def test_items(text, is_wrong):
    assert bool(wrong("items", json.loads(text))) == is_wrong


def run(*arguments: str) -> dict:
    printed = subprocess.run([PROGRAM, "run", *arguments], capture_output=True, text=True)
    return json.loads(printed.stdout)


def test_results():
    example = str(ROOT / "examples/multiply_add.json")
    for more in ([], ["--by-node"], ["--metrics"]):
        result = run(example, *more)
        assert result["status"] == "success"
        assert wrong("results", result) == []
        assert wrong("errors", result) != []


def test_errors(tmp_path):
    (tmp_path / "own.py").write_text(
        "class Own:\n    def process(self, item):\n        raise ValueError(item)\n"
    )
    manifest = tmp_path / "m.json"
    manifest.write_text('{"version": "v1", "nodes": [{"id": "own", "node_type": "own:Own"}]}')
    failed = run(str(manifest), "--nodes", str(tmp_path), "--input", "5")
    assert failed["error"]["traceback"]
    assert wrong("errors", failed) == []
    assert wrong("results", failed) != []
    refused = run(str(ROOT / "component/tests/diagnostics/cycle.json"))
    assert refused["error"]["diagnostics"]
    assert wrong("errors", refused) == []
