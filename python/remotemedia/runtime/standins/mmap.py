"""Stands in for memory-mapped files."""

from remotemedia.runtime.standins import missing

ACCESS_DEFAULT, ACCESS_READ, ACCESS_WRITE, ACCESS_COPY = range(4)
MAP_SHARED, MAP_PRIVATE, MAP_ANON, MAP_ANONYMOUS = 1, 2, 32, 32
PROT_READ, PROT_WRITE, PROT_EXEC = 1, 2, 4
PAGESIZE = ALLOCATIONGRANULARITY = 65536

error = OSError


class mmap:
    """Would map a file."""

    __init__ = missing("mmap", "read the file instead")
