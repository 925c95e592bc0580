"""Makes the WAV files in this folder, and `cases.json`, which says what is in them.

Each file holds the same six samples, as exactly as its format can, unless its case says otherwise:
the right samples are computed here from what is written, and not by a reader.
"""

from __future__ import annotations

import json
from pathlib import Path
from struct import pack

HERE = Path(__file__).parent
SAMPLES = [0.0, 0.5, -0.5, 0.25, -1.0, 0.75]
RATE = 8000
PCM, FLOAT, ALAW, MULAW, EXTENSIBLE = 1, 3, 6, 7, 0xFFFE
UNKNOWN = 0xFFFFFFFF
CASES = []


def whole(sample: float, bits: int) -> int:
    return round(sample * (1 << (bits - 1)))


def integers(bits: int, width: int, samples=SAMPLES) -> bytes:
    """Left-justified in containers of `width` bytes."""
    if width == 1:
        return bytes(whole(sample, 8) + 128 for sample in samples)
    shifted = [whole(sample, bits) << (8 * width - bits) for sample in samples]
    return b"".join(value.to_bytes(width, "little", signed=True) for value in shifted)


def floats(code: str) -> bytes:
    return pack(f"<6{code}", *SAMPLES)


def form(code, bits, width, *, channels=1, valid=None, tail=b"", rate=RATE, byte_rate=None, block=None):
    block = width * channels if block is None else block
    byte_rate = rate * block if byte_rate is None else byte_rate
    head = pack("<HHIIHH", EXTENSIBLE if valid else code, channels, rate, byte_rate, block, bits)
    if valid:
        guid = pack("<H", code) + bytes.fromhex("000000001000800000aa00389b71")
        return head + pack("<HHI", 22, valid, 4) + guid
    return head + tail


def chunk(kind: bytes, body: bytes, *, size=None, pad=True) -> bytes:
    return kind + pack("<I", len(body) if size is None else size) + body + b"\0" * (len(body) % 2 * pad)


def file(*chunks: bytes, size=None, kind=b"RIFF") -> bytes:
    body = b"WAVE" + b"".join(chunks)
    return kind + pack("<I", len(body) if size is None else size) + body


def case(name: str, content: bytes, samples=SAMPLES, **more) -> None:
    (HERE / f"{name}.wav").write_bytes(content)
    facts = {"samples": samples, "sample_rate": RATE, "channels": 1} if samples is not None else {}
    CASES.append({"file": f"{name}.wav", **facts, **more})


def simple(name: str, code: int, bits: int, width: int, body: bytes, samples=SAMPLES, **more) -> None:
    case(name, file(chunk(b"fmt ", form(code, bits, width, **more)), chunk(b"data", body)), samples)


FMT16 = chunk(b"fmt ", form(PCM, 16, 2))
BODY16 = integers(16, 2)

simple("pcm-8", PCM, 8, 1, integers(8, 1))
simple("pcm-16", PCM, 16, 2, BODY16)
simple("pcm-20", PCM, 20, 3, integers(20, 3))
simple("pcm-24", PCM, 24, 3, integers(24, 3))
simple("pcm-24-in-32", PCM, 24, 4, integers(24, 4))
simple("pcm-32", PCM, 32, 4, integers(32, 4))
simple("float-32", FLOAT, 32, 4, floats("f"))
simple("float-64", FLOAT, 64, 8, floats("d"))
simple("extensible-16", PCM, 16, 2, BODY16, valid=16)
simple("extensible-12-in-16", PCM, 16, 2, integers(12, 2), valid=12)
simple("extensible-20-in-24", PCM, 24, 3, integers(20, 3), valid=20)
simple("extensible-24-in-32", PCM, 32, 4, integers(24, 4), valid=24)
simple("extensible-float-32", FLOAT, 32, 4, floats("f"), valid=32)
simple("extensible-float-64", FLOAT, 64, 8, floats("d"), valid=64)
simple("format-18", PCM, 16, 2, BODY16, tail=b"\0\0")
simple("format-40", PCM, 16, 2, BODY16, tail=bytes(24))
simple("wrong-byte-rate", PCM, 16, 2, BODY16, byte_rate=1)
simple("wrong-block", PCM, 16, 2, BODY16, block=0)
# G.711: silence, the loudest of each sign, and others from the tables of the recommendation.
simple("mu-law", MULAW, 8, 1, bytes([0xFF, 0x7F, 0x80, 0x00, 0xF0, 0x70]),
       [value / 32768 for value in (0, 0, 32124, -32124, 120, -120)])
simple("a-law", ALAW, 8, 1, bytes([0xD5, 0x55, 0xAA, 0x2A, 0x80, 0x00]),
       [value / 32768 for value in (8, -8, 32256, -32256, 5504, -5504)])

case("stereo", file(chunk(b"fmt ", form(PCM, 16, 2, channels=2)), chunk(b"data", BODY16)), channels=2)
case("sizes-0", file(FMT16, chunk(b"data", BODY16, size=0), size=0))
case("sizes-7ffff000", file(FMT16, chunk(b"data", BODY16, size=0x7FFFF000), size=0x7FFFF024))
case("sizes-ffffffff", file(FMT16, chunk(b"data", BODY16, size=UNKNOWN), size=UNKNOWN))
case("no-samples", file(FMT16, chunk(b"data", b"")), [])
case("data-first-of-two", file(FMT16, chunk(b"data", BODY16), chunk(b"LIST", b"INFO")))
case("odd-chunk", file(FMT16, chunk(b"LIST", b"INFOabc"), chunk(b"data", BODY16)))
case("odd-chunk-without-pad", file(FMT16, chunk(b"LIST", b"INFOabc", pad=False), chunk(b"data", BODY16)))
case("odd-data", file(chunk(b"fmt ", form(PCM, 8, 1)), chunk(b"data", integers(8, 1, SAMPLES[:5]))),
     SAMPLES[:5])
case("cut-off", file(FMT16, chunk(b"data", BODY16, size=24), size=60), warning="cut off")
case("cut-off-in-a-frame",
     file(chunk(b"fmt ", form(PCM, 16, 2, channels=2)), chunk(b"data", BODY16[:-1], size=24, pad=False), size=60),
     SAMPLES[:4], channels=2, warning="cut off")
case("half-a-frame-too-much", file(FMT16, chunk(b"data", BODY16 + b"\1")), warning="half a frame")
for kind in (b"RF64", b"BW64"):
    sizes = chunk(b"ds64", pack("<QQQI", 84, len(BODY16), 6, 0))
    case(kind.decode().lower(), file(sizes, FMT16, chunk(b"data", BODY16, size=UNKNOWN), size=UNKNOWN, kind=kind))

case("empty", b"", None, error="empty")
case("text", b"hello, this is not audio", None, error="RIFF")
case("rifx", b"RIFX" + file(FMT16, chunk(b"data", BODY16))[4:], None, error="RIFX")
case("aiff", b"FORM\0\0\0\x04AIFF", None, error="AIFF")
case("ima-adpcm", file(chunk(b"fmt ", form(0x11, 4, 1)), chunk(b"data", b"\0" * 8)), None, error="IMA ADPCM")
case("mp3-in-wav", file(chunk(b"fmt ", form(0x55, 0, 1)), chunk(b"data", b"\0" * 8)), None, error="MP3")
case("unknown-code", file(chunk(b"fmt ", form(0x1234, 16, 2)), chunk(b"data", b"\0" * 8)), None, error="0x1234")
case("pcm-64", file(chunk(b"fmt ", form(PCM, 64, 8)), chunk(b"data", bytes(8))), None, error="64 bits")
case("no-channels", file(chunk(b"fmt ", form(PCM, 16, 2, channels=0)), chunk(b"data", BODY16)), None,
     error="channels")
case("no-format", file(chunk(b"data", BODY16)), None, error="before its format")
case("no-data", file(FMT16), None, error="no data")
case("format-cut-off", file(chunk(b"fmt ", b"\1\0\1\0")), None, error="cut off")

lines = ",\n".join("  " + json.dumps(case) for case in CASES)
(HERE / "cases.json").write_text(f"[\n{lines}\n]\n")
