"""Typed media: audio, video, images, tensors, and references to files.

Payloads are anything with the buffer protocol (bytes, bytearray, array, memoryview, arrays of
numpy); `view` gives them as a typed memoryview without copying. `numpy.asarray` of audio, tensors
and raw pixels is an array with their shape and type that shares their memory.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Buffer, Iterable, Mapping, Sequence  # type: ignore[attr-defined,unused-ignore]
    from typing import Any, ClassVar, Self

IMAGE_FORMATS = ("jpeg", "png", "webp", "raw")
PIXEL_FORMATS = (
    "gray8",
    "rgb24",
    "bgr24",
    "rgba32",
    "bgra32",
    "yuv420p",
    "nv12",
    "encoded",
)
DTYPES: dict[str, tuple[int, str]] = {
    "u8": (1, "B"),
    "i8": (1, "b"),
    "u16": (2, "H"),
    "i16": (2, "h"),
    "u32": (4, "I"),
    "i32": (4, "i"),
    "u64": (8, "Q"),
    "i64": (8, "q"),
    "f16": (2, "e"),
    "f32": (4, "f"),
    "f64": (8, "d"),
    "bool": (1, "?"),
}
"""Names of element types, with their size and their code in memoryview and struct."""
CONTROL_KINDS = ("cancel-speculation", "batch-hint", "deadline-warning")

_MAX = (1 << 64) - 1


class Media:
    """What all media have in common: fields, equality, a short repr."""

    __slots__ = ()
    _fields: ClassVar[tuple[str, ...]] = ()
    _payload: ClassVar[str | None] = None

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        for name in self._fields:
            mine, theirs = getattr(self, name), getattr(other, name)
            if name == self._payload:
                mine, theirs = self._bytes(name), other._bytes(name)
            if mine != theirs:
                return False
        return True

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        shown = []
        for name in self._fields:
            value = getattr(self, name)
            if name == self._payload:
                shown.append(f"{name}=<{memoryview(value).nbytes} bytes>")
            elif value is not None:
                shown.append(f"{name}={value!r}")
        return f"{type(self).__name__}({', '.join(shown)})"

    def fields(self) -> dict[str, Any]:
        """The fields that are set, by name."""
        values = {name: getattr(self, name) for name in self._fields}
        return {name: value for name, value in values.items() if value is not None}

    def replace(self, **changes: Any) -> Self:
        """A copy with some fields changed; the payload is shared unless it is changed."""
        values = self.fields()
        values.update(changes)
        return type(self)(**values)

    def __copy__(self) -> Self:
        return self.replace()

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        from copy import deepcopy

        values = self.fields()
        for name, value in values.items():
            if name == self._payload:
                # bytes cannot change, so they can be shared.
                values[name] = value if type(value) is bytes else self._copied(value)
            else:
                values[name] = deepcopy(value, memo)
        return type(self)(**values)

    def __reduce__(self) -> tuple[Any, ...]:
        values = self.fields()
        if self._payload is not None:
            values[self._payload] = memoryview(values[self._payload]).tobytes()
        return _rebuild, (type(self), values)

    def _copied(self, payload: Any) -> Any:
        return bytearray(memoryview(payload).tobytes())

    def _whole(self, name: str, low: int = 0, optional: bool = False) -> None:
        value = getattr(self, name)
        if value is None and optional:
            return
        if not isinstance(value, int) or isinstance(value, bool):
            raise TypeError(f"{self._where(name)} must be an int, not {type(value).__name__}")
        if not low <= value <= _MAX:
            raise ValueError(f"{self._where(name)} must be at least {low}, not {value}")

    def _text(self, *names: str, optional: bool = True) -> None:
        for name in names:
            value = getattr(self, name)
            if not (isinstance(value, str) or (value is None and optional)):
                raise TypeError(f"{self._where(name)} must be a str, not {type(value).__name__}")

    def _one_of(self, name: str, known: Iterable[str]) -> None:
        value = getattr(self, name)
        if value not in known:
            raise ValueError(f"{self._where(name)} {value!r} is none of {', '.join(known)}")

    def _where(self, name: str) -> str:
        return f"{type(self).__name__}.{name}"

    @property
    def __array_interface__(self) -> dict[str, Any]:
        """The payload as numpy sees it: an array of this shape, in the same memory."""
        if self._payload is None:
            raise AttributeError(f"{type(self).__name__} has no payload that could be an array")
        shape, dtype = self._array()
        return _interface(getattr(self, self._payload), shape, dtype)

    def _array(self) -> tuple[tuple[int, ...], str]:
        return (self._bytes(str(self._payload)).nbytes,), "u8"

    def _bytes(self, name: str) -> memoryview:
        try:
            view = memoryview(getattr(self, name))
        except TypeError:
            kind = type(getattr(self, name)).__name__
            raise TypeError(f"{self._where(name)} must be bytes-like, not {kind}") from None
        return _cast(view, "B")


def _rebuild(cls: type[Media], values: dict[str, Any]) -> Media:
    return cls(**values)


def _cast(view: memoryview, code: str) -> memoryview:
    if view.format == code and view.ndim == 1:
        return view
    if not view.c_contiguous:
        raise ValueError("the buffer must be contiguous")
    if view.format == "B" and view.ndim == 1:
        as_bytes = view
    elif view.nbytes == 0:
        as_bytes = memoryview(b"")  # a view without elements can't be cast
    else:
        as_bytes = view.cast("B")
    return as_bytes if code == "B" else as_bytes.cast(code)  # type: ignore[call-overload]


def _contiguous(payload: Any) -> Any:
    """The payload, or a copy of an array whose elements lie apart."""
    try:
        view = memoryview(payload)
        if view.c_contiguous:
            return payload
        code = (view.format or "B").lstrip("@=")
        return memoryview(bytearray(view.tobytes())).cast(code, view.shape)  # type: ignore[call-overload]
    except (TypeError, ValueError):
        return payload  # which a check will refuse


def _interface(payload: Any, shape: tuple[int, ...], dtype: str) -> dict[str, Any]:
    """What numpy asks of an object that is an array to it."""
    size = DTYPES[dtype][0]
    kind = "b" if dtype == "bool" else dtype[0]
    order = "|" if size == 1 else "<"
    return {"version": 3, "shape": shape, "typestr": f"{order}{kind}{size}", "data": payload}


def element_type(view: memoryview) -> str | None:
    """The name of a view's elements in `DTYPES`, whatever the machine calls them."""
    code = (view.format or "B").lstrip("@=")
    code = code[1:] if sys.byteorder == "little" and code.startswith("<") else code
    name = None
    if code in ("b", "h", "i", "l", "q", "n"):
        name = f"i{8 * view.itemsize}"
    elif code in ("B", "H", "I", "L", "Q", "N"):
        name = f"u{8 * view.itemsize}"
    elif code in ("e", "f", "d"):
        name = f"f{8 * view.itemsize}"
    elif code == "?":
        name = "bool"
    return name


class Audio(Media):
    """Audio: interleaved 32-bit float samples.

    `samples` is a buffer of floats, bytes that hold little-endian 32-bit floats, or a list of
    numbers. Of an array with two dimensions the first is time and the second the channels; numpy
    sees audio of several channels the same way.
    """

    _fields = ("samples", "sample_rate", "channels", "stream_id", "timestamp_us", "metadata")
    __slots__ = _fields
    _payload = "samples"

    def __init__(
        self,
        samples: Buffer | Sequence[float],
        sample_rate: int,
        channels: int | None = None,
        stream_id: str | None = None,
        timestamp_us: int | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        samples = _contiguous(samples)
        self.samples: Any = _floats(samples)
        self.sample_rate = sample_rate
        self.channels: int = _channels(samples) if channels is None else channels
        self.stream_id = stream_id
        self.timestamp_us = timestamp_us
        self.metadata = metadata
        self._whole("sample_rate", 1)
        self._whole("channels", 1)
        self._whole("timestamp_us", optional=True)
        self._text("stream_id")
        if len(self.samples) % self.channels:
            raise ValueError(
                f"{len(self.samples)} samples do not divide into frames of {self.channels} channels"
            )

    def _array(self) -> tuple[tuple[int, ...], str]:
        frames = (self.frames,)
        return frames if self.channels == 1 else (*frames, self.channels), "f32"

    def _copied(self, payload: Any) -> Any:
        from array import array

        return array("f", memoryview(payload).tobytes())

    @property
    def view(self) -> memoryview:
        """The samples as a memoryview of floats, not copied."""
        return _cast(memoryview(self.samples), "f")

    @property
    def frames(self) -> int:
        """How many samples each channel has."""
        return len(self.samples) // self.channels

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return self.frames / self.sample_rate


def _floats(samples: Any) -> Any:
    """Samples as a flat buffer of 32-bit floats; copied only when they are none."""
    if isinstance(samples, (list, tuple)):
        from array import array

        return array("f", samples)
    try:
        view = memoryview(samples)
    except TypeError:
        kind = type(samples).__name__
        raise TypeError(f"Audio.samples must be a buffer of 32-bit floats, not {kind}") from None
    if view.format in ("f", "<f", "@f") and view.ndim == 1:
        return samples
    if view.format not in ("B", "b", "c", "f", "<f", "@f"):
        raise TypeError(
            f"Audio.samples must be 32-bit floats, not elements of format {view.format!r} "
            '(an array becomes that by astype("float32"))'
        )
    if view.nbytes % 4:
        raise ValueError(f"{view.nbytes} bytes do not divide into 32-bit floats")
    return _cast(view, "f")


def _channels(samples: Any) -> int:
    """How many channels samples have that may be an array of frames and channels."""
    shape: tuple[int, ...] = getattr(samples, "shape", None) or ()
    return int(shape[1]) if len(shape) == 2 else 1


class Video(Media):
    """One frame of video: raw pixels in `format`, or `encoded` data of a `codec`."""

    _fields = (
        "pixel_data",
        "width",
        "height",
        "format",
        "codec",
        "frame_number",
        "timestamp_us",
        "is_keyframe",
        "stream_id",
    )
    __slots__ = _fields
    _payload = "pixel_data"

    def __init__(
        self,
        pixel_data: Buffer,
        width: int,
        height: int,
        format: str = "rgb24",
        codec: str | None = None,
        frame_number: int = 0,
        timestamp_us: int = 0,
        is_keyframe: bool = False,
        stream_id: str | None = None,
    ) -> None:
        self.pixel_data: Any = _contiguous(pixel_data)
        self.width = width
        self.height = height
        self.format = format
        self.codec = codec
        self.frame_number = frame_number
        self.timestamp_us = timestamp_us
        self.is_keyframe = is_keyframe
        self.stream_id = stream_id
        self._whole("width")
        self._whole("height")
        self._whole("frame_number")
        self._whole("timestamp_us")
        self._one_of("format", PIXEL_FORMATS)
        self._text("codec", "stream_id")
        if codec is None:
            _check_pixels(self._bytes("pixel_data"), format, width, height)
        else:
            self._bytes("pixel_data")

    def _array(self) -> tuple[tuple[int, ...], str]:
        packed = self.codec is None and self.format in _BYTES_PER_PIXEL
        return _pixels(self.format, self.height, self.width) if packed else super()._array()

    @property
    def view(self) -> memoryview:
        """The bytes as a memoryview, not copied."""
        return self._bytes("pixel_data")


class Image(Media):
    """A still image: encoded as jpeg, png or webp, or raw pixels in `pixel_format`."""

    _fields = ("data", "format", "pixel_format", "width", "height", "timestamp_us", "metadata")
    __slots__ = _fields
    _payload = "data"

    def __init__(
        self,
        data: Buffer,
        format: str,
        width: int,
        height: int,
        timestamp_us: int | None = None,
        metadata: Mapping[str, Any] | None = None,
        pixel_format: str | None = None,
    ) -> None:
        self.data: Any = _contiguous(data)
        self.format = format
        self.width = width
        self.height = height
        self.timestamp_us = timestamp_us
        self.metadata = metadata
        self.pixel_format = pixel_format
        self._whole("width")
        self._whole("height")
        self._whole("timestamp_us", optional=True)
        self._one_of("format", IMAGE_FORMATS)
        view = self._bytes("data")
        if format == "raw":
            self._one_of("pixel_format", PIXEL_FORMATS)
            _check_pixels(view, str(pixel_format), width, height)
        elif pixel_format is not None:
            raise ValueError(f"Image.pixel_format is for raw images, not for {format}")

    def _array(self) -> tuple[tuple[int, ...], str]:
        packed = self.pixel_format in _BYTES_PER_PIXEL
        format = str(self.pixel_format)
        return _pixels(format, self.height, self.width) if packed else super()._array()

    @property
    def view(self) -> memoryview:
        """The bytes as a memoryview, not copied."""
        return self._bytes("data")


_BYTES_PER_PIXEL = {"gray8": 1, "rgb24": 3, "bgr24": 3, "rgba32": 4, "bgra32": 4}


def _pixels(format: str, height: int, width: int) -> tuple[tuple[int, ...], str]:
    """The shape and type of packed pixels: rows, columns, and components where there are some."""
    size = _BYTES_PER_PIXEL[format]
    return (height, width) if size == 1 else (height, width, size), "u8"


def _check_pixels(view: memoryview, format: str, width: int, height: int) -> None:
    if format in _BYTES_PER_PIXEL:
        expected = width * height * _BYTES_PER_PIXEL[format]
    elif format in ("yuv420p", "nv12"):
        expected = width * height + 2 * ((width + 1) // 2) * ((height + 1) // 2)
    else:
        return
    if view.nbytes != expected:
        raise ValueError(
            f"{width}x{height} pixels of {format} take {expected} bytes, not {view.nbytes}"
        )


class Tensor(Media):
    """An array of any number of dimensions, in row-major order.

    Without a shape, shape and type are those of the array that `data` is: `Tensor(a)`.
    """

    _fields = ("data", "shape", "dtype", "layout")
    __slots__ = _fields
    _payload = "data"

    def __init__(
        self,
        data: Buffer,
        shape: Sequence[int] | None = None,
        dtype: str | None = None,
        layout: str | None = None,
    ) -> None:
        self.data: Any = _contiguous(data)
        if shape is None:
            shape, dtype = _described(data, dtype)
        self.shape = tuple(shape)
        self.dtype = "f32" if dtype is None else dtype
        self.layout = layout
        self._one_of("dtype", DTYPES)
        self._text("layout")
        expected = DTYPES[self.dtype][0]
        for extent in self.shape:
            if not isinstance(extent, int) or extent < 0:
                raise ValueError(f"Tensor.shape {self.shape} must be of ints from 0 up")
            expected *= extent
        size = self._bytes("data").nbytes
        if size != expected:
            raise ValueError(
                f"{self.dtype} of shape {self.shape} takes {expected} bytes, not {size}"
            )

    def _array(self) -> tuple[tuple[int, ...], str]:
        return self.shape, self.dtype

    @property
    def view(self) -> memoryview:
        """The elements as a flat typed memoryview, not copied (float16 from Python 3.12 on)."""
        return _cast(memoryview(self.data), DTYPES[self.dtype][1])


def _described(data: Any, dtype: str | None) -> tuple[tuple[int, ...], str]:
    """Shape and type of the elements of an array, as its buffer describes them."""
    try:
        view = memoryview(data)
    except (TypeError, ValueError):
        kind = type(data).__name__
        raise TypeError(f"Tensor.data must be bytes-like, not {kind}") from None
    known = element_type(view)
    if known is None:
        raise TypeError(
            f"Tensor.data has elements of format {view.format!r}, and can have {', '.join(DTYPES)}"
        )
    if dtype is not None and dtype != known:
        raise ValueError(f"Tensor.dtype is {dtype}, but the elements of the array are {known}")
    return tuple(view.shape or ()), known


class Text(Media):
    """A text with its language or channel."""

    _fields = ("text", "language", "channel")
    __slots__ = _fields

    def __init__(self, text: str, language: str | None = None, channel: str | None = None) -> None:
        self.text = text
        self.language = language
        self.channel = channel
        self._text("text", optional=False)
        self._text("language", "channel")

    def __str__(self) -> str:
        return self.text


class Binary(Media):
    """Bytes of a named type."""

    _fields = ("bytes", "mime_type")
    __slots__ = _fields
    _payload = "bytes"

    def __init__(self, bytes: Buffer, mime_type: str | None = None) -> None:
        self.bytes: Any = bytes
        self.mime_type = mime_type
        self._text("mime_type")
        self._bytes("bytes")

    @property
    def view(self) -> memoryview:
        """The bytes as a memoryview, not copied."""
        return self._bytes("bytes")


class File(Media):
    """A reference to a file, or to a part of it."""

    _fields = ("path", "filename", "mime_type", "size", "offset", "length")
    __slots__ = _fields

    def __init__(
        self,
        path: str,
        filename: str | None = None,
        mime_type: str | None = None,
        size: int | None = None,
        offset: int | None = None,
        length: int | None = None,
    ) -> None:
        self.path = path
        self.filename = filename
        self.mime_type = mime_type
        self.size = size
        self.offset = offset
        self.length = length
        self._text("path", optional=False)
        self._text("filename", "mime_type")
        for name in ("size", "offset", "length"):
            self._whole(name, optional=True)


class Control(Media):
    """A message to the nodes themselves, for example that a deadline is near."""

    _fields = ("kind", "segment_id", "timestamp_ms")
    __slots__ = _fields

    def __init__(self, kind: str, segment_id: str | None = None, timestamp_ms: int = 0) -> None:
        self.kind = kind.replace("_", "-") if isinstance(kind, str) else kind
        self.segment_id = segment_id
        self.timestamp_ms = timestamp_ms
        self._one_of("kind", CONTROL_KINDS)
        self._text("segment_id")
        self._whole("timestamp_ms")


CLASSES: tuple[type[Media], ...] = (Audio, Video, Image, Tensor, Text, Binary, File, Control)
