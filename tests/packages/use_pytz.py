"""pytz==2026.6: time zones, with what is ambiguous"""


class Use:
    def process(self, item):
        from datetime import datetime

        import pytz

        zone = pytz.timezone("Europe/Amsterdam")
        summer = zone.localize(datetime(2024, 10, 27, 2, 30), is_dst=True)
        winter = zone.localize(datetime(2024, 10, 27, 2, 30), is_dst=False)
        assert (winter - summer).total_seconds() == 3600
        assert len(pytz.all_timezones) > 500
        return summer.isoformat()
