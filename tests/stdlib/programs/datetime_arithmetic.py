"""Dates and times added, subtracted, compared and replaced."""

from datetime import date, datetime, time, timedelta

INPUT = {"start": "2024-02-27T22:30:00", "days": 3, "hours": 5.5}


class Program:
    def process(self, item):
        start = datetime.fromisoformat(item["start"])
        end = start + timedelta(days=item["days"], hours=item["hours"])
        span = end - start
        week = [(date(2024, 12, 29) + timedelta(n)).isocalendar() for n in range(4)]
        return {
            "end": end.isoformat(" "),
            "seconds": span.total_seconds(),
            "parts": [span.days, span.seconds, span.microseconds],
            "floor": str(span // 7),
            "ratio": span / timedelta(hours=1),
            "mod": str(span % timedelta(hours=10)),
            "negative": str(timedelta(minutes=-90)),
            "ordinal": [start.toordinal(), date.fromordinal(738000).isoformat()],
            "weekday": [start.weekday(), start.isoweekday()],
            "iso": [tuple(day) for day in week],
            "replaced": start.replace(year=2025, day=1).isoformat(),
            "combined": datetime.combine(date(2000, 1, 1), time(12, 30, 15, 250)).isoformat(),
            "leap": [is_leap for is_leap in (bool(y % 4 == 0 and (y % 100 or y % 400 == 0)) for y in (1900, 2000, 2024))],
            "largest": [str(timedelta.max), datetime.max.isoformat()],
        }
