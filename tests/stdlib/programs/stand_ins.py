"""Modules in C that packages name when they are imported, and need not use."""

import io
import tarfile

INPUT = ["bz2", "ctypes", "ctypes.util", "http.client", "lzma", "mmap", "ssl", "urllib.request"]


class Program:
    def process(self, item):
        from importlib import import_module

        modules = [import_module(name).__name__ for name in item]
        try:
            tarfile.open(fileobj=io.BytesIO(b"no archive"))
        except tarfile.ReadError as error:
            return modules, type(error).__name__
