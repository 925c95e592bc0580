"""Stands in for bzip2."""

from remotemedia.runtime.standins import missing

_refuse = missing("bzip2", "use gzip or zlib, or decompress in the host")


class BZ2Compressor:
    """Would compress."""

    __init__ = _refuse


class BZ2Decompressor:
    """Would decompress."""

    __init__ = _refuse
