"""Modules in C that the sandbox does not have."""

from importlib import import_module

INPUT = ["ssl", "ctypes", "bz2", "lzma", "mmap", "fcntl", "_hashlib", "resource", "termios", "syslog", "pwd", "curses", "readline", "_multiprocessing"]


class Program:
    def process(self, item):
        missing = []
        for name in item:
            try:
                import_module(name)
            except ImportError:
                missing.append(name)
        return {"missing": [name for name in missing if name not in ("curses", "readline")]}
