"""The seed's text run on this Python, without a sandbox: python3 native_text.py MANIFEST."""

import json
import os
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "python"))

import remotemedia  # noqa: E402

# The compiled core of this checkout, which lies where the build leaves it.
remotemedia.__path__.append(os.environ.get("PIPELINE_CORE") or str(ROOT / "target/core"))

print(json.dumps({"outputs": remotemedia.run(sys.argv[1]).outputs}))
