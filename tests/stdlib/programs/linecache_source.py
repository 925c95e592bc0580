"""Lines of source files by number, of this file and of code that is no file."""

import linecache

INPUT = 1


class Program:
    def process(self, item):
        own = linecache.getline(__file__, item)
        source = "x = 1\ny = x / 0\n"
        name = "<made here>"
        linecache.cache[name] = (len(source), None, source.splitlines(True), name)
        import traceback

        try:
            exec(compile(source, name, "exec"), {})
        except ZeroDivisionError as error:
            shown = [frame.line for frame in traceback.extract_tb(error.__traceback__) if frame.filename == name]
        return {
            "own": own,
            "count": linecache.getline(__file__, 10**6),
            "missing": linecache.getlines("/no/such/file.py"),
            "made": linecache.getline(name, 2),
            "traceback": shown,
        }
