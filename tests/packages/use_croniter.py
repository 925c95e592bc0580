"""croniter==7.0.0: when the next job is due"""


class Use:
    def process(self, item):
        from datetime import datetime

        from croniter import croniter

        times = croniter("0 9 * * 1-5", datetime(2024, 3, 1, 12))
        assert times.get_next(datetime) == datetime(2024, 3, 4, 9)
        return croniter.is_valid("61 * * * *")
