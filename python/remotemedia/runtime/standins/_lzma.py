"""Stands in for LZMA; the numbers are those of liblzma's headers."""

from remotemedia.runtime.standins import Unavailable, missing


class LZMAError(Exception):
    """Would say what is wrong with compressed data."""


class LZMAUnavailable(LZMAError, Unavailable):
    """There is no LZMA. `tarfile` takes it for a file of another kind."""


_refuse = missing("LZMA", "use gzip or zlib, or decompress in the host", LZMAUnavailable)

FORMAT_AUTO, FORMAT_XZ, FORMAT_ALONE, FORMAT_RAW = range(4)
CHECK_NONE, CHECK_CRC32, CHECK_CRC64, CHECK_SHA256 = 0, 1, 4, 10
CHECK_ID_MAX, CHECK_UNKNOWN = 15, 16
FILTER_DELTA, FILTER_X86, FILTER_POWERPC, FILTER_IA64 = 3, 4, 5, 6
FILTER_ARM, FILTER_ARMTHUMB, FILTER_SPARC = 7, 8, 9
FILTER_LZMA1, FILTER_LZMA2 = 0x4000000000000001, 0x21
MF_HC3, MF_HC4, MF_BT2, MF_BT3, MF_BT4 = 3, 4, 18, 19, 20
MODE_FAST, MODE_NORMAL = 1, 2
PRESET_DEFAULT, PRESET_EXTREME = 6, 1 << 31


class LZMACompressor:
    """Would compress."""

    def __init__(self, *_: object, **__: object) -> None:
        pass

    compress = flush = _refuse


class LZMADecompressor:
    """Would decompress."""

    eof, needs_input, unused_data, check = False, True, b"", CHECK_UNKNOWN

    def __init__(self, *_: object, **__: object) -> None:
        pass

    decompress = _refuse


def is_check_supported(check_id: int) -> bool:
    """No check is."""
    return False


_encode_filter_properties = _refuse
_decode_filter_properties = _refuse
