"""icalendar==7.3.2: calendars"""


class Use:
    def process(self, item):
        from datetime import datetime
        from zoneinfo import ZoneInfo

        from icalendar import Calendar, Event

        calendar = Calendar()
        event = Event()
        event.add("summary", "Meeting")
        event.add("dtstart", datetime(2024, 7, 1, 10, tzinfo=ZoneInfo("Europe/Berlin")))
        calendar.add_component(event)
        text = calendar.to_ical().decode()
        assert "DTSTART;TZID=Europe/Berlin:20240701T100000" in text
        again = Calendar.from_ical(text).walk("VEVENT")[0]
        return str(again["summary"])
