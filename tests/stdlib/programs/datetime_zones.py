"""Aware times: fixed offsets, conversion, comparison, time stamps."""

from datetime import UTC, datetime, timedelta, timezone, tzinfo

INPUT = 1710497700


class Alternating(tzinfo):
    """Two hours ahead in the months with 31 days, one hour otherwise."""

    def utcoffset(self, when):
        return timedelta(hours=1) + self.dst(when)

    def dst(self, when):
        return timedelta(hours=1) if when.month in (1, 3, 5, 7, 8, 10, 12) else timedelta(0)

    def tzname(self, when):
        return "ALT" + ("S" if self.dst(when) else "")


class Program:
    def process(self, item):
        utc = datetime.fromtimestamp(item, UTC)
        india = utc.astimezone(timezone(timedelta(hours=5, minutes=30), "IST"))
        odd = utc.astimezone(Alternating())
        return {
            "utc": utc.isoformat(),
            "india": [india.isoformat(), india.tzname(), india.strftime("%Z %z")],
            "same": [utc == india == odd, len({utc, india, odd})],
            "odd": [odd.isoformat(), odd.tzname(), str(odd.dst())],
            "february": datetime(2024, 2, 1, tzinfo=Alternating()).isoformat(),
            "stamp": [utc.timestamp(), india.timestamp(), utc.utctimetuple()[:6]],
            "difference": str(india - utc.replace(hour=0)),
            "negative": str(timezone(timedelta(hours=-3, minutes=-30))),
            "order": sorted([india + timedelta(hours=1), utc, odd - timedelta(1)])[0] == odd - timedelta(1),
        }
