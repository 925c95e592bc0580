"""File modes as text and tests, without any file."""

import stat

INPUT = [0o100644, 0o40755, 0o120777, 0o104755, 0o41777, 0o20620, 0o10600]


class Program:
    def process(self, item):
        tests = ("S_ISREG", "S_ISDIR", "S_ISLNK", "S_ISCHR", "S_ISFIFO", "S_ISSOCK")
        return {
            "text": [stat.filemode(mode) for mode in item],
            "permissions": [oct(stat.S_IMODE(mode)) for mode in item],
            "kinds": [[test for test in tests if getattr(stat, test)(mode)] for mode in item],
            "owner": [bool(mode & stat.S_IXUSR) for mode in item],
            "setuid": [bool(mode & stat.S_ISUID) for mode in item],
            "indices": [stat.ST_MODE, stat.ST_SIZE, stat.ST_MTIME],
        }
