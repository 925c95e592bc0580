"""strftime, strptime and the ISO forms."""

from datetime import date, datetime, time

INPUT = ["2024-03-15", "20240315T101500", "2024-W11-5", "2024-03-15T10:15:00.123456+02:00", "2024-03-15T10:15:00Z"]


class Program:
    def process(self, item):
        parsed = [datetime.fromisoformat(text).isoformat() for text in item]
        stamp = datetime(2024, 3, 5, 7, 8, 9, 12345)
        codes = "%Y %y %m %d %H %I %M %S %f %j %U %W %w %u %G %V %A %a %B %b %p %%"
        bad = []
        for text in ("2024-13-01", "yesterday", "2024-02-30"):
            try:
                bad.append(date.fromisoformat(text).isoformat())
            except ValueError:
                bad.append("ValueError")
        return {
            "parsed": parsed,
            "formatted": stamp.strftime(codes),
            "strptime": datetime.strptime("15 Mar 2024 10:15 PM", "%d %b %Y %I:%M %p").isoformat(),
            "offset": datetime.strptime("2024-03-15 +0530", "%Y-%m-%d %z").isoformat(),
            "f_string": f"{stamp:%d.%m.%Y} {time(5, 6):%H:%M}",
            "timespec": [stamp.isoformat(timespec=spec) for spec in ("minutes", "milliseconds")],
            "ctime": stamp.ctime(),
            "bad": bad,
        }
