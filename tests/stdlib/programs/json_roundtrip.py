"""JSON text there and back, with sorted keys, separators and nested data."""

import json

INPUT = {"name": "café ☕", "nested": {"list": [1, 2.5, None, True], "empty": {}}, "big": 12345678901234567890123}


class Program:
    def process(self, item):
        compact = json.dumps(item, sort_keys=True, separators=(",", ":"))
        ascii_only = json.dumps(item, ensure_ascii=True, indent=2)
        raw = json.dumps(item, ensure_ascii=False)
        back = [json.loads(text) == item for text in (compact, ascii_only, raw)]
        return {
            "compact": compact,
            "lines": ascii_only.splitlines(),
            "raw_length": len(raw),
            "back": back,
            "escapes": json.dumps('"\\/\b\f\n\r\t\x01\u2028'),
        }
