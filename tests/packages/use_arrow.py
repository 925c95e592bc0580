"""arrow==1.4.0: dates with less ado"""


class Use:
    def process(self, item):
        import arrow

        when = arrow.get("2024-03-31T01:30:00+01:00").to("Europe/Paris")
        assert when.shift(hours=1).format("YYYY-MM-DD HH:mm ZZ") == "2024-03-31 03:30 +02:00"
        assert when.humanize(when.shift(days=2)) == "2 days ago"
        return when.isoformat()
