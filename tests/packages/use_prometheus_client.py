"""prometheus-client==0.26.0: metrics as text"""


class Use:
    def process(self, item):
        from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

        registry = CollectorRegistry()
        Counter("jobs", "Jobs", ["kind"], registry=registry).labels("a").inc(2)
        Histogram("seconds", "Time", registry=registry).observe(0.2)
        text = generate_latest(registry).decode()
        assert 'jobs_total{kind="a"} 2.0' in text and 'seconds_bucket{le="0.25"} 1.0' in text
        return len(text.splitlines()) > 10
