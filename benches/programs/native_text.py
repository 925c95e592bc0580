"""The seed's text run on this Python, without a sandbox: python3 native_text.py MANIFEST."""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "python"))

import remotemedia  # noqa: E402

print(json.dumps({"outputs": remotemedia.run(sys.argv[1]).outputs}))
