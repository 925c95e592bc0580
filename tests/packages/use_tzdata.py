"""tzdata==2026.6: time zones from the package"""


class Use:
    def process(self, item):
        import importlib.resources
        from datetime import datetime
        from zoneinfo import ZoneInfo

        data = importlib.resources.files("tzdata.zoneinfo.Asia").joinpath("Tokyo").open("rb")
        zone = ZoneInfo.from_file(data, key="Asia/Tokyo")
        assert datetime(2024, 1, 1, tzinfo=zone).isoformat() == "2024-01-01T00:00:00+09:00"
        return str(zone)
