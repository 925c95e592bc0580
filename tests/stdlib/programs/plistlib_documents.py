"""Property lists, XML and binary, there and back."""

import plistlib
from datetime import datetime

INPUT = {"name": "Café", "count": 42, "ratio": 2.5, "flags": [True, False], "nested": {"deep": ["x"]}}


class Program:
    def process(self, item):
        value = {**item, "data": b"\x00\x01\x02", "when": datetime(2024, 3, 15, 10, 15)}
        xml = plistlib.dumps(value, sort_keys=True)
        binary = plistlib.dumps({**value, "big": 2**63 + 1, "uid": plistlib.UID(7)}, fmt=plistlib.FMT_BINARY)
        back = plistlib.loads(binary)
        errors = []
        for raw in (b"<plist><nope/></plist>", b"bplist00", b"nothing"):
            try:
                errors.append(plistlib.loads(raw))
            except (plistlib.InvalidFileException, ValueError) as error:
                errors.append("refused")
        try:
            plistlib.dumps({"none": None})
        except TypeError as error:
            none = type(error).__name__
        return {
            "xml": xml.decode().splitlines()[3:8],
            "same": plistlib.loads(xml) == value,
            "binary": [back["big"] == 2**63 + 1, back["uid"].data, back["when"].isoformat(), back["data"]],
            "header": binary[:8],
            "errors": errors,
            "none": none,
        }
