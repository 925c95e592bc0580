#!/usr/bin/env python3
"""Checks the files in deploy/: `cargo xtask test deploy`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import kubernetes_validate
import yaml
from cloudcoil.models.keda import v1alpha1

HERE = Path(__file__).resolve().parent
VERSION = "1.34"


def check(document: dict[str, Any]) -> None:
    """Fails where a document is not what it says it is."""
    if document["apiVersion"].startswith("keda.sh/"):
        # A typo in a key would be passed over.
        model = getattr(v1alpha1, document["kind"])
        read = model.model_validate(document)
        written = read.model_dump(mode="json", by_alias=True, exclude_none=True)
        missing = lost(document, written)
        if missing:
            raise ValueError(f"unknown to KEDA: {', '.join(missing)}")
        return
    kubernetes_validate.validate(document, VERSION, strict=True)


def lost(before: Any, after: Any, path: str = "") -> list[str]:
    """What was there before, and is not there after."""
    if isinstance(before, dict):
        after = after if isinstance(after, dict) else {}
        found = []
        for key, value in before.items():
            if key in after:
                found += lost(value, after[key], f"{path}.{key}")
            else:
                found.append(f"{path}.{key}")
        return found
    if isinstance(before, list):
        pairs = zip(before, after, strict=True)
        return [one for b, a in pairs for one in lost(b, a, f"{path}[]")]
    return []


def main() -> int:
    count = 0
    for file in sorted((HERE / "kubernetes").glob("*.yaml")):
        for document in yaml.safe_load_all(file.read_text(encoding="utf-8")):
            try:
                check(document)
            except Exception as error:  # each library has its own
                print(f"{file.name}: {document.get('kind')}: {error}", file=sys.stderr)
                return 1
            count += 1
    lint = Path(sys.executable).with_name("hadolint")
    subprocess.run([lint, "--failure-threshold", "info", HERE / "Containerfile"], check=True)
    print(f"{count} objects and the Containerfile are as they should be")
    return 0


if __name__ == "__main__":
    sys.exit(main())
