"""structlog==26.1.0: logs with structure"""


class Use:
    def process(self, item):
        import io
        import json

        import structlog

        out = io.StringIO()
        structlog.configure(
            processors=[structlog.processors.add_log_level, structlog.processors.JSONRenderer()],
            logger_factory=structlog.PrintLoggerFactory(out),
        )
        structlog.get_logger().bind(user=1).info("done", n=2)
        assert json.loads(out.getvalue()) == {"user": 1, "n": 2, "event": "done", "level": "info"}
        return out.getvalue()
