"""logging.config.dictConfig, a handler of one's own, exceptions in the log, a memory handler."""

import logging
import logging.config
import logging.handlers

INPUT = ["ok", "bad", "worse"]


class ListHandler(logging.Handler):
    seen = []

    def emit(self, record):
        self.seen.append(self.format(record))


class Program:
    def process(self, item):
        ListHandler.seen = []
        logging.config.dictConfig(
            {
                "version": 1,
                "disable_existing_loggers": False,
                "formatters": {"short": {"format": "%(levelname)s %(message)s"}},
                "handlers": {"list": {"()": ListHandler, "formatter": "short", "level": "INFO"}},
                "loggers": {"pipeline": {"handlers": ["list"], "level": "DEBUG", "propagate": False}},
            }
        )
        log = logging.getLogger("pipeline.stage")
        for text in item:
            log.debug("hidden %s", text)
            log.info("item %s", text)
        try:
            raise KeyError("lost")
        except KeyError:
            log.exception("failed")
        target = ListHandler()
        memory = logging.handlers.MemoryHandler(10, flushLevel=logging.ERROR, target=target)
        buffered = logging.getLogger("buffered")
        buffered.propagate = False
        buffered.addHandler(memory)
        buffered.warning("kept")
        before = len(ListHandler.seen)
        buffered.error("flushes")
        return {
            "lines": [text.splitlines()[0] for text in ListHandler.seen],
            "traceback": ListHandler.seen[3].splitlines()[-1],
            "flushed": len(ListHandler.seen) - before,
        }
