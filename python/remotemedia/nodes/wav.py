"""Audio: WAV files in and out."""

from __future__ import annotations

import sys
from array import array
from struct import pack, unpack_from
from typing import NamedTuple

from ..core.exceptions import ConfigurationError, NodeError
from ..core.node import Node
from ..media import Audio, Binary, File
from ._audio import AudioNode, Joined

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, Unpack

    from ..core.node import NodeOptions

_PCM, _FLOAT, _ALAW, _MULAW, _EXTENSIBLE = 1, 3, 6, 7, 0xFFFE
_FORMATS = {"s16": (_PCM, 2), "s24": (_PCM, 3), "s32": (_PCM, 4), "f32": (_FLOAT, 4)}
_OTHERS = {
    0x02: "Microsoft ADPCM",
    0x11: "IMA ADPCM",
    0x31: "GSM 6.10",
    0x50: "MPEG audio",
    0x55: "MP3",
    0xFF: "AAC",
    0x161: "Windows Media Audio",
    0x2000: "AC-3",
    0xF1AC: "FLAC",
}
# Sizes from here on stand for "not known yet": who writes to a pipe can't go back.
_UNKNOWN_SIZE = 0x7FFFF000


class Wav(NamedTuple):
    """What is in a WAV file: samples, interleaved, and what was wrong with it."""

    samples: array[float]
    sample_rate: int
    channels: int
    warning: str | None


class _Format(NamedTuple):
    code: int
    channels: int
    rate: int
    bits: int
    # Bytes of a sample.
    width: int


def decode_wav(data: bytes | memoryview) -> Wav:
    """Reads a WAV file: RIFF, RF64 or BW64 with PCM, floats, A-law or mu-law.

    The same files are read in the same way by the program `pipeline`; `tests/media/wav` holds both
    to that.

    Raises:
        NodeError: It is something else; the message names what.
    """
    view = memoryview(data).cast("B")
    kind = bytes(view[:4])
    if kind not in (b"RIFF", b"RF64", b"BW64") or bytes(view[8:12]) != b"WAVE":
        raise NodeError(f"not a WAV file: {_what(view)}")
    riff_size = unpack_from("<I", view, 4)[0]
    at, form, long_size = 12, None, None
    while at + 8 <= len(view):
        kind, size = bytes(view[at : at + 4]), unpack_from("<I", view, at + 4)[0]
        body = view[at + 8 : at + 8 + size]
        if kind == b"ds64" and len(body) >= 16:
            long_size = unpack_from("<Q", body, 8)[0]
        elif kind == b"fmt ":
            form = _format(body)
        elif kind == b"data":
            if form is None:
                raise NodeError("the WAV file has data before its format")
            if size == 0xFFFFFFFF and long_size is not None:
                size = long_size
            elif size == 0 and (riff_size == 0 or riff_size >= _UNKNOWN_SIZE):
                size = 0xFFFFFFFF
            body = view[at + 8 : at + 8 + size]
            missing = len(body) < size and (size < _UNKNOWN_SIZE or long_size is not None)
            return _decode(body, form, missing)
        at += 8 + size
        if size % 2 and not _is_chunk(view, at):
            at += 1
    raise NodeError("the WAV file has no data")


def _what(view: memoryview) -> str:
    head, kind = bytes(view[:4]), bytes(view[8:12])
    if not head:
        return "it is empty"
    if head == b"RIFX":
        return "it is a RIFX file, whose numbers are big-endian"
    if head == b"FORM" and kind in (b"AIFF", b"AIFC"):
        return "it is an AIFF file"
    return "it does not begin with RIFF and WAVE"


def _is_chunk(view: memoryview, at: int) -> bool:
    """Whether a chunk begins here, where its predecessor should have left a byte of padding."""
    name = bytes(view[at : at + 4])
    return len(name) == 4 and all(0x20 <= byte < 0x7F for byte in name)


def _format(body: memoryview) -> _Format:
    if len(body) < 16:
        raise NodeError("the WAV file's format is cut off")
    code, channels, rate, _, block, bits = unpack_from("<HHIIHH", body)
    if code == _EXTENSIBLE and len(body) >= 26:
        code = unpack_from("<H", body, 24)[0]
    if code in _OTHERS:
        raise NodeError(f"{_OTHERS[code]} in a WAV file is not supported")
    if not channels or not rate:
        raise NodeError(f"a WAV file with {channels} channels at {rate} Hz is not valid")
    least = (bits + 7) // 8
    width = block // channels
    if width * channels != block or not least <= width <= 8:
        width = least
    fits = {
        _PCM: 1 <= bits <= 32 and width <= 4,
        _FLOAT: (bits, width) in ((32, 4), (64, 8)),
        _ALAW: (bits, width) == (8, 1),
        _MULAW: (bits, width) == (8, 1),
    }
    if not fits.get(code, False):
        raise NodeError(f"WAV format {code:#06x} with {bits} bits is not supported")
    return _Format(code, channels, rate, bits, width)


def _decode(body: memoryview, form: _Format, missing: bool) -> Wav:
    """`missing` says that the file ends before its data does."""
    code, channels, rate, bits, width = form
    rest = len(body) % (width * channels)
    warning = None
    if missing:
        warning = "the WAV file is cut off; what is there was read"
    elif rest:
        warning = "the WAV file ends with half a frame, which was left out"
    samples = _samples(body[: len(body) - rest], code, width)
    return Wav(samples, rate, channels, warning)


def _samples(body: memoryview, code: int, width: int) -> array[float]:
    if code == _FLOAT:
        floats = _array("f" if width == 4 else "d", body)
        return floats if width == 4 else array("f", floats)
    if code in (_ALAW, _MULAW):
        expand = _expand_alaw if code == _ALAW else _expand_mulaw
        table = [expand(byte) / 32768 for byte in range(256)]
        return array("f", [table[byte] for byte in body])
    if width == 1:
        return array("f", [(value - 128) / 128.0 for value in body])
    if width == 3:
        # Widened to 32 bits, the lowest byte zero.
        wide = bytearray(len(body) // 3 * 4)
        for index in range(3):
            wide[index + 1 :: 4] = body[index::3]
        body, width = memoryview(wide), 4
    # Fewer bits than there is room for stand at the upper end.
    scale = 1.0 / (1 << (8 * width - 1))
    return array("f", [value * scale for value in _array("h" if width == 2 else "i", body)])


def _expand_mulaw(byte: int) -> int:
    """16 bits of 8, as ITU-T G.711 says."""
    byte ^= 0xFF
    value = (((byte & 0xF) << 3) + 132 << (byte >> 4 & 7)) - 132
    return -value if byte & 0x80 else value


def _expand_alaw(byte: int) -> int:
    """16 bits of 8, as ITU-T G.711 says."""
    byte ^= 0x55
    exponent, value = byte >> 4 & 7, (byte & 0xF) << 4
    value = value + 8 if exponent == 0 else value + 264 << exponent - 1
    return value if byte & 0x80 else -value


def _array(code: str, body: memoryview) -> array[Any]:
    result: array[Any] = array(code)
    result.frombytes(body)
    if sys.byteorder == "big":
        result.byteswap()
    return result


def encode_wav(audio: Audio, sample_format: str = "s16") -> bytes:
    """The bytes of a WAV file."""
    code, width = _FORMATS[sample_format]
    body = _encode(audio, sample_format, width)
    block = width * audio.channels
    header = pack(
        "<HHIIHH",
        code,
        audio.channels,
        audio.sample_rate,
        audio.sample_rate * block,
        block,
        8 * width,
    )
    if code == _FLOAT:
        header += pack("<H", 0)
    chunks = b"fmt " + pack("<I", len(header)) + header
    if code == _FLOAT:
        chunks += b"fact" + pack("<II", 4, audio.frames)
    chunks += b"data" + pack("<I", len(body)) + body + b"\0" * (len(body) % 2)
    return b"RIFF" + pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


def _encode(audio: Audio, sample_format: str, width: int) -> bytes:
    if sample_format == "f32":
        samples: array[Any] = array("f", audio.view)
    else:
        top = 1 << (16 if width == 2 else 32) - 1
        low, high = float(-top), float(top - 1)
        code = "h" if width == 2 else "i"
        try:
            samples = array(
                code, [round(max(min(sample * top, high), low)) for sample in audio.view]
            )
        except ValueError:
            at = next(index for index, sample in enumerate(audio.view) if sample != sample)
            raise NodeError(
                f"sample {at} is NaN, which {sample_format} has no form for; "
                "sample_format='f32' has one"
            ) from None
    if sys.byteorder == "big":
        samples.byteswap()
    data = samples.tobytes()
    if width == 3:
        narrow = bytearray(len(data) // 4 * 3)
        for index in range(3):
            narrow[index::3] = data[index + 1 :: 4]
        return bytes(narrow)
    return data


class WavReaderNode(Node):
    """Read WAV files: bytes, Binary, or a File or path that the run can open.

    PCM of up to 32 bits, floats, A-law and mu-law are read, also from files that were cut off. With
    `chunk_frames` the audio comes in pieces of so many frames, otherwise in one.
    """

    def __init__(self, chunk_frames: int | None = None, **options: Unpack[NodeOptions]) -> None:
        super().__init__(**options)
        if chunk_frames is not None and chunk_frames < 1:
            raise ConfigurationError(f"chunk_frames must be at least 1, not {chunk_frames}")
        self.chunk_frames = chunk_frames

    def process(self, data: Any) -> Iterator[Audio]:
        """Read one file."""
        samples, rate, channels, warning = decode_wav(_contents(data))
        if warning is not None:
            self.logger.warning(warning)
        if self.chunk_frames is None:
            yield Audio(samples, rate, channels)
            return
        step = self.chunk_frames * channels
        for at in range(0, len(samples), step):
            timestamp = at // channels * 1_000_000 // rate
            yield Audio(samples[at : at + step], rate, channels, timestamp_us=timestamp)


def _contents(data: Any) -> bytes | memoryview:
    if isinstance(data, Binary):
        return data.view
    if isinstance(data, (bytes, bytearray, memoryview)):
        return memoryview(data)
    if isinstance(data, str):
        data = File(data)
    if isinstance(data, File):
        with open(data.path, "rb") as file:
            file.seek(data.offset or 0)
            return file.read(-1 if data.length is None else data.length)
    raise NodeError(f"WavReaderNode takes bytes, Binary, File or a path, not {type(data).__name__}")


class WavWriterNode(AudioNode):
    """Write all audio into one WAV file, which comes at the end as Binary.

    `sample_format` is s16, s24, s32 or f32. With `each` every item becomes a file of its own.
    """

    def __init__(
        self, sample_format: str = "s16", each: bool = False, **options: Unpack[NodeOptions]
    ) -> None:
        super().__init__(**options)
        if sample_format not in _FORMATS:
            raise ConfigurationError(
                f"sample_format {sample_format!r} is none of {', '.join(_FORMATS)}"
            )
        self.sample_format = sample_format
        self.each = each
        self._joined = Joined()

    def process_audio(self, audio: Audio) -> Binary | None:
        """Take a piece of audio."""
        if self.each:
            return self._file(audio)
        first = self._joined.first
        if first is not None and (first.sample_rate, first.channels) != (
            audio.sample_rate,
            audio.channels,
        ):
            raise NodeError(
                f"audio with {audio.channels} channels at {audio.sample_rate} Hz does not fit "
                f"a file with {first.channels} at {first.sample_rate} Hz"
            )
        self._joined.add(audio)
        return None

    def flush(self) -> Binary | None:
        """Give the file, if there was any audio."""
        audio = self._joined.take()
        return None if audio is None else self._file(audio)

    def _file(self, audio: Audio) -> Binary:
        return Binary(encode_wav(audio, self.sample_format), "audio/wav")
