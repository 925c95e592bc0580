"""os.path on text alone, and os.walk, os.scandir and os.stat on the node's own directory."""

import os
import os.path
import posixpath
import stat

INPUT = ["/a/b/../c/./d.txt", "a//b/", "~x/y", "../up", "name.tar.gz"]


class Program:
    def process(self, item):
        here = os.path.dirname(os.path.abspath(__file__))
        own = os.path.join(here, os.path.basename(__file__))
        with os.scandir(here) as entries:
            names = {entry.name for entry in entries if entry.is_file()}
        mode = os.stat(own).st_mode
        top, _, files = next(os.walk(here))
        handle = os.open(own, os.O_RDONLY)
        try:
            head = os.read(handle, 3)
            os.lseek(handle, 3, os.SEEK_SET)
            more = os.read(handle, 7)
        finally:
            os.close(handle)
        return {
            "normal": [posixpath.normpath(path) for path in item],
            "split": [list(posixpath.split(path)) for path in item],
            "ext": [list(posixpath.splitext(path)) for path in item],
            "joined": posixpath.join("/a", "b", "/c", "d"),
            "common": [posixpath.commonpath(["/a/b/c", "/a/b/d"]), posixpath.commonprefix(["interview", "internet"])],
            "relative": posixpath.relpath("/a/b/c", "/a/d"),
            "absolute": [posixpath.isabs(path) for path in item],
            "same": [names == set(os.listdir(here)), os.path.basename(__file__) in files, top == here],
            "kind": [stat.S_ISREG(mode), stat.S_ISDIR(mode), os.path.getsize(own) > 100],
            "read": [head, more],
            "environment": os.environ.get("NO_SUCH_VARIABLE_HERE", "unset"),
            "fspath": os.fspath("plain"),
        }
