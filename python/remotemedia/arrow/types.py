"""The types that media have in columns."""

from __future__ import annotations

import pyarrow as pa

from .. import media

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_BYTES = pa.large_binary()
"""Payloads are large: a batch may have more than the 2 GiB that the small types can count."""

AUDIO = pa.struct(
    {
        "samples": pa.large_list(pa.float32()),
        "sample_rate": pa.uint32(),
        "channels": pa.uint32(),
        "stream_id": pa.string(),
        "timestamp_us": pa.uint64(),
        "metadata": pa.string(),
    }
)
"""Audio: interleaved samples, frames a second; metadata as JSON."""

VIDEO = pa.struct(
    {
        "pixel_data": _BYTES,
        "width": pa.uint32(),
        "height": pa.uint32(),
        "format": pa.string(),
        "codec": pa.string(),
        "frame_number": pa.uint64(),
        "timestamp_us": pa.uint64(),
        "is_keyframe": pa.bool_(),
        "stream_id": pa.string(),
    }
)
"""A frame of video."""

IMAGE = pa.struct(
    {
        "data": _BYTES,
        "format": pa.string(),
        "pixel_format": pa.string(),
        "width": pa.uint32(),
        "height": pa.uint32(),
        "timestamp_us": pa.uint64(),
        "metadata": pa.string(),
    }
)
"""An image; metadata as JSON."""

TENSOR = pa.struct(
    {
        "data": _BYTES,
        "shape": pa.list_(pa.int64()),
        "dtype": pa.string(),
        "layout": pa.string(),
    }
)
"""Tensors of any shapes and element types: little-endian elements in row-major order."""

TEXT = pa.struct({"text": pa.string(), "language": pa.string(), "channel": pa.string()})
"""A text with its language or channel."""

BINARY = pa.struct({"bytes": _BYTES, "mime_type": pa.string()})
"""Bytes of a named type."""

FILE = pa.struct(
    {
        "path": pa.string(),
        "filename": pa.string(),
        "mime_type": pa.string(),
        "size": pa.uint64(),
        "offset": pa.uint64(),
        "length": pa.uint64(),
    }
)
"""A reference to a file."""

CONTROL = pa.struct({"kind": pa.string(), "segment_id": pa.string(), "timestamp_ms": pa.uint64()})
"""A message to nodes."""

OF_MEDIA: dict[type[media.Media], Any] = {
    media.Audio: AUDIO,
    media.Video: VIDEO,
    media.Image: IMAGE,
    media.Tensor: TENSOR,
    media.Text: TEXT,
    media.Binary: BINARY,
    media.File: FILE,
    media.Control: CONTROL,
}
"""The type of each medium."""

# What a struct must have to be that medium: what tells it from a dict of the user's.
NEEDED: dict[type[media.Media], set[str]] = {
    media.Audio: {"samples", "sample_rate"},
    media.Video: {"pixel_data", "width", "height"},
    media.Image: {"data", "format", "width", "height"},
    media.Tensor: {"data", "shape", "dtype"},
    media.Text: {"text", "language", "channel"},
    media.Binary: {"bytes", "mime_type"},
    media.File: {"path", "filename", "mime_type", "size", "offset", "length"},
    media.Control: {"kind", "segment_id", "timestamp_ms"},
}
"""The fields of a struct that make it a medium."""

ELEMENTS: dict[str, Any] = {
    "u8": pa.uint8(),
    "i8": pa.int8(),
    "u16": pa.uint16(),
    "i16": pa.int16(),
    "u32": pa.uint32(),
    "i32": pa.int32(),
    "u64": pa.uint64(),
    "i64": pa.int64(),
    "f16": pa.float16(),
    "f32": pa.float32(),
    "f64": pa.float64(),
    "bool": pa.bool_(),
}
"""The names of a tensor's elements, as Arrow has them."""


def medium_of(names: set[str]) -> type[media.Media] | None:
    """The medium that a struct with fields of these names is."""
    for cls, needed in NEEDED.items():
        if needed <= names <= set(cls._fields):
            return cls
    return None
