"""humanize==4.17.0: numbers and times for people"""


class Use:
    def process(self, item):
        import datetime

        import humanize

        assert humanize.naturalsize(1_500_000) == "1.5 MB"
        assert humanize.intword(12_345_678) == "12.3 million"
        return humanize.precisedelta(datetime.timedelta(hours=3, seconds=5))
