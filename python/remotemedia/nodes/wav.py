"""Audio: WAV files in and out."""

from __future__ import annotations

import sys
from array import array
from struct import pack, unpack_from

from ..core.exceptions import ConfigurationError, NodeError
from ..core.node import Node
from ..media import Audio, Binary, File
from ._audio import AudioNode, Joined

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, Unpack

    from ..core.node import NodeOptions

_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
_FORMATS = {"s16": (_PCM, 2), "s24": (_PCM, 3), "s32": (_PCM, 4), "f32": (_FLOAT, 4)}


def decode_wav(data: bytes | memoryview) -> tuple[array[float], int, int]:
    """Samples, sample rate and number of channels of a WAV file."""
    view = memoryview(data).cast("B")
    if len(view) < 12 or bytes(view[:4]) != b"RIFF" or bytes(view[8:12]) != b"WAVE":
        raise NodeError("not a WAV file: it does not begin with RIFF and WAVE")
    at, form = 12, None
    while at + 8 <= len(view):
        kind, size = view[at : at + 4].tobytes(), unpack_from("<I", view, at + 4)[0]
        body = view[at + 8 : at + 8 + size]
        if kind == b"fmt ":
            if len(body) < 16:
                raise NodeError("the WAV file's format is cut off")
            code, channels, rate, _, block, bits = unpack_from("<HHIIHH", body)
            if code == _EXTENSIBLE and len(body) >= 26:
                code = unpack_from("<H", body, 24)[0]
            form = code, channels, rate, block, bits
        elif kind == b"data":
            if form is None:
                raise NodeError("the WAV file has data before its format")
            code, channels, rate, block, bits = form
            if not channels or not rate or not block:
                raise NodeError("the WAV file's format is not valid")
            # A recorder that was cut off may have left the size too large, or the last frame open.
            return _decode(body[: len(body) // block * block], code, bits), rate, channels
        at += 8 + size + size % 2
    raise NodeError("the WAV file has no data")


def _decode(body: memoryview, code: int, bits: int) -> array[float]:
    if code == _FLOAT and bits in (32, 64):
        floats = _array("f" if bits == 32 else "d", body)
        return floats if bits == 32 else array("f", floats)
    if code != _PCM or bits not in (8, 16, 24, 32):
        raise NodeError(f"WAV format {code} with {bits} bits is not supported")
    if bits == 8:
        return array("f", [(value - 128) / 128.0 for value in body])
    if bits == 24:
        # Widened to 32 bits, the lowest byte zero.
        wide = bytearray(len(body) // 3 * 4)
        for index in range(3):
            wide[index + 1 :: 4] = body[index::3]
        body, bits = memoryview(wide), 32
    scale = 1.0 / (1 << (bits - 1))
    return array("f", [value * scale for value in _array("h" if bits == 16 else "i", body)])


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
        limits = -top, top - 1
        code = "h" if width == 2 else "i"
        values = [round(sample * top) for sample in audio.view]
        samples = array(code, [max(limits[0], min(limits[1], value)) for value in values])
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

    PCM with 8, 16, 24 or 32 bits and floats are read. With `chunk_frames` the audio comes in pieces
    of so many frames, otherwise in one.
    """

    def __init__(self, chunk_frames: int | None = None, **options: Unpack[NodeOptions]) -> None:
        super().__init__(**options)
        if chunk_frames is not None and chunk_frames < 1:
            raise ConfigurationError(f"chunk_frames must be at least 1, not {chunk_frames}")
        self.chunk_frames = chunk_frames

    def process(self, data: Any) -> Iterator[Audio]:
        """Read one file."""
        samples, rate, channels = decode_wav(_contents(data))
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
