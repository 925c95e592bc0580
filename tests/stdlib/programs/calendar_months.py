"""Calendars as text and data: weeks, leap years, month ranges."""

import calendar

INPUT = [2024, 2]


class Program:
    def process(self, item):
        year, month = item
        monday, sunday = calendar.TextCalendar(0), calendar.TextCalendar(6)
        fridays = [d for d in calendar.Calendar().itermonthdates(year, 9) if d.weekday() == 4 and d.day == 13]
        return {
            "text": monday.formatmonth(year, month).splitlines()[1:],
            "sunday": sunday.formatmonth(year, month, 3).splitlines()[1:3],
            "weeks": monday.monthdayscalendar(year, month),
            "range": [calendar.monthrange(year, m)[1] for m in range(1, 13)],
            "leap": [y for y in range(1896, 1912) if calendar.isleap(y)],
            "leap_days": calendar.leapdays(1900, 2025),
            "weekday": calendar.weekday(2024, 2, 29),
            "names": [list(calendar.day_abbr), calendar.month_name[12]],
            "timegm": calendar.timegm((2024, 2, 29, 12, 0, 0)),
            "first": [str(d) for d in list(calendar.Calendar(2).itermonthdates(year, month))[:2]],
            "fridays": [str(d) for d in fridays],
        }
