"""A time zone read from TZif data made here, not from the machine's database."""

import io
import struct
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

INPUT = {"transitions": [1711846800, 1729990800], "summer": 7200, "winter": 3600}


def tzif(transitions, summer, winter):
    body = b"".join(struct.pack(">q", at) for at in transitions) + bytes([1, 0])
    body += struct.pack(">lBB", winter, 0, 0) + struct.pack(">lBB", summer, 1, 4) + b"WIN\0SUM\0"
    empty = b"TZif2" + bytes(15) + struct.pack(">6l", 0, 0, 0, 0, 1, 1) + struct.pack(">lBB", 0, 0, 0) + b"\0"
    return empty + b"TZif2" + bytes(15) + struct.pack(">6l", 0, 0, 0, 2, 2, 8) + body + b"\nWIN-1SUM,M3.5.0,M10.5.0/3\n"


class Program:
    def process(self, item):
        zone = ZoneInfo.from_file(io.BytesIO(tzif(**item)), key="Made/Up")
        moments = [datetime(2024, 3, 31, 0, 59, tzinfo=timezone.utc) + timedelta(minutes=n) for n in (0, 1)]
        folded = datetime(2024, 10, 27, 2, 30, tzinfo=zone)
        later = datetime(2030, 7, 1, 12, tzinfo=zone)
        try:
            ZoneInfo("No/Such_Zone")
        except ZoneInfoNotFoundError as error:
            missing = type(error).__name__
        return {
            "change": [m.astimezone(zone).isoformat() for m in moments],
            "folded": [folded.utcoffset().seconds, folded.replace(fold=1).utcoffset().seconds],
            "later": [later.isoformat(), later.tzname(), str(later.dst())],
            "key": [zone.key, str(zone)],
            "missing": missing,
        }
