"""Write what a host was seen to do: `cargo xtask hosts` makes docs/hosts.md of these reports."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path


def write(
    name: str,
    *,
    host: str,
    version: str,
    component: str,
    passed: int,
    failed: int,
    skipped: Mapping[str, str] | None = None,
    works: Sequence[str],
    missing: Mapping[str, str] | None = None,
) -> None:
    """Write `target/hosts/<name>.json`; `skipped` and `missing` say why, by case and by what."""
    root = Path(__file__).resolve().parents[2]
    dist = Path(os.environ.get("PIPELINE_DIST") or root / "target" / "dist")
    report = {
        "host": host,
        "version": version,
        "component": component,
        "cases": {
            "passed": passed,
            "failed": failed,
            "skipped": [{"case": case, "why": why} for case, why in (skipped or {}).items()],
        },
        "works": list(works),
        "not": [{"what": what, "why": why} for what, why in (missing or {}).items()],
    }
    path = dist.with_name("hosts") / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
