"""Tracebacks taken apart: frames, causes, contexts, groups, limits."""

import traceback

INPUT = {"depth": 3}


def dive(depth):
    if depth == 0:
        raise ValueError("at the bottom")
    dive(depth - 1)


class Program:
    def process(self, item):
        try:
            try:
                dive(item["depth"])
            except ValueError as error:
                raise RuntimeError("wrapped") from error
        except RuntimeError as error:
            summary = traceback.TracebackException.from_exception(error, capture_locals=False)
            lines = traceback.format_exception_only(type(error), error)
            cause = summary.__cause__
            text = "".join(traceback.format_exception(error))
            names = [frame.name for frame in traceback.extract_tb(error.__cause__.__traceback__)]
            limited = len(traceback.extract_tb(error.__cause__.__traceback__, limit=2))
        try:
            {}["lost"]
        except KeyError:
            try:
                raise TypeError("second")
            except TypeError as error:
                context = type(error.__context__).__name__
                suppressed = "During handling" in traceback.format_exc()
        noted = ValueError("noted")
        noted.add_note("a note")
        stack = traceback.extract_stack(limit=1)
        return {
            "only": lines,
            "cause": str(cause),
            "direct": "direct cause" in text,
            "names": names[1:],
            "limited": limited,
            "context": [context, suppressed],
            "notes": traceback.format_exception_only(noted)[-1],
            "stack": stack[-1].name,
            "walk": [line for _, line in traceback.walk_tb(None)],
        }
