"""Stands in for bzip2: objects can be made, as `tarfile` does to see what a file is."""

from remotemedia.runtime.standins import missing

_refuse = missing("bzip2", "use gzip or zlib, or decompress in the host")


class BZ2Compressor:
    """Would compress."""

    def __init__(self, compresslevel: int = 9) -> None:
        pass

    compress = flush = _refuse


class BZ2Decompressor:
    """Would decompress."""

    eof, needs_input, unused_data = False, True, b""

    decompress = _refuse
