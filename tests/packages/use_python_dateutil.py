"""python-dateutil==2.9.0.post0: dates from text, rules of recurrence, time zones"""


class Use:
    def process(self, item):
        from datetime import datetime

        from dateutil import parser, relativedelta, rrule, tz

        when = parser.parse("Thu Sep 25 2025 10:36:28 CEST", tzinfos={"CEST": 7200})
        assert when.isoformat() == "2025-09-25T10:36:28+02:00"
        assert datetime(2024, 1, 31) + relativedelta.relativedelta(months=1) == datetime(
            2024, 2, 29
        )
        days = rrule.rrule(rrule.WEEKLY, count=3, dtstart=datetime(2024, 1, 1), byweekday=rrule.FR)
        assert [day.day for day in days] == [5, 12, 19]
        zone = tz.gettz("America/New_York")
        assert datetime(2024, 7, 1, tzinfo=zone).utcoffset().total_seconds() == -4 * 3600
        return str(when)
