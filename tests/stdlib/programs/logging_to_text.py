"""Loggers, levels, filters, formatters and adapters, all into a StringIO."""

import io
import logging

INPUT = {"user": "ann", "jobs": [1, 2, 0]}


class Skip(logging.Filter):
    def filter(self, record):
        return "secret" not in record.getMessage()


class Program:
    def process(self, item):
        out = io.StringIO()
        handler = logging.StreamHandler(out)
        handler.setFormatter(logging.Formatter("%(levelname)-8s %(name)s:%(funcName)s %(message)s"))
        handler.addFilter(Skip())
        log = logging.getLogger("app.jobs")
        log.setLevel(logging.DEBUG)
        log.propagate = False
        log.addHandler(handler)
        log.debug("start for %(user)s", item)
        log.info("secret %s", "hidden")
        logging.LoggerAdapter(log, {"user": "x"}).warning("adapted")
        for job in item["jobs"]:
            try:
                log.info("10 / %d = %.1f", job, 10 / job)
            except ZeroDivisionError:
                log.error("job %d failed", job)
        child = log.getChild("deep")
        child.log(25, "between")
        logging.addLevelName(25, "NOTICE")
        child.log(25, "named")
        log.setLevel(logging.ERROR)
        child.warning("not shown")
        braces = logging.Formatter("{levelname}|{message}", style="{")
        record = logging.LogRecord("n", logging.CRITICAL, "p", 1, "%s!", ("boom",), None)
        return {
            "lines": out.getvalue().splitlines(),
            "enabled": [child.isEnabledFor(logging.INFO), child.getEffectiveLevel()],
            "braces": braces.format(record),
            "levels": [logging.getLevelName(30), logging.getLevelName("ERROR")],
        }
