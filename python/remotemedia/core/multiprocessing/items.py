"""RuntimeData of the items of a pipeline, and the other way round.

With numpy the payloads of audio, tensors and raw pixels are arrays that share the item's memory;
without it they are the item's own buffers.
"""

from __future__ import annotations

from ... import media
from ...media import Media
from .metadata import ControlMessageType, DataType, TensorType, VideoFormat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .data import RuntimeData

_PIXELS = {
    VideoFormat.RGB: "rgb24",
    VideoFormat.RGBA: "rgba32",
    VideoFormat.BGR: "bgr24",
    VideoFormat.YUV420: "yuv420p",
}
_ELEMENTS = {
    TensorType.F32: "f32",
    TensorType.F64: "f64",
    TensorType.I32: "i32",
    TensorType.I64: "i64",
    TensorType.U8: "u8",
    TensorType.U16: "u16",
}
_CONTROLS = {
    ControlMessageType.CANCEL_SPECULATION: "cancel-speculation",
    ControlMessageType.BATCH_HINT: "batch-hint",
    ControlMessageType.DEADLINE_WARNING: "deadline-warning",
}
_INTEGER_SCALE = {"int16": 1 << 15, "int32": 1 << 31, "uint8": 1 << 7}

_SPOKEN = "tts"
"""The channel of text that names none."""


def made_of(cls: type[RuntimeData], item: Any, session_id: str) -> RuntimeData:
    """What an item is to a node that takes RuntimeData. Raises ValueError where it has no form."""
    if isinstance(item, str):
        return cls.text(item, session_id)
    if isinstance(item, (bytes, bytearray, memoryview)):
        return cls.binary(bytes(item), None, session_id)
    if isinstance(item, Media):
        return _of_medium(cls, item, session_id)
    if type(item).__module__ == "numpy" and getattr(item, "shape", None):
        return cls.numpy(item, session_id)
    return cls.json(item, session_id)


def _of_medium(cls: type[RuntimeData], item: Media, session_id: str) -> RuntimeData:
    if isinstance(item, media.Text):
        return cls.text(item.text, session_id, item.language, item.channel or _SPOKEN)
    if isinstance(item, media.Audio):
        data = cls.audio(_array_of(item.view), item.sample_rate, item.channels, session_id)
        data.metadata.annotations = dict(item.metadata) if item.metadata else None
        if item.timestamp_us is not None:
            data.timestamp = item.timestamp_us / 1e6
        return data
    if isinstance(item, media.Tensor):
        dtype = _key(_ELEMENTS, item.dtype)
        if dtype is None:
            return cls.numpy(_array_of(item), session_id)
        data = cls.tensor(_array_of(item), session_id, dtype)
        data.metadata.shape = item.shape
        return data
    if isinstance(item, media.File):
        return cls.file(session_id=session_id, **item.fields())
    if isinstance(item, media.Control):
        return cls.control_message(_key(_CONTROLS, item.kind), item.segment_id, session_id)
    if isinstance(item, media.Binary):
        return cls.binary(bytes(item.view), item.mime_type, session_id)
    if isinstance(item, media.Image) and item.format != "raw":
        return cls.binary(bytes(item.view), f"image/{item.format}", session_id)
    if isinstance(item, media.Video) and item.codec is None:
        pixels = _key(_PIXELS, item.format)
        if pixels is not None:
            frame = _array_of(item.view if item.format == "yuv420p" else item)
            return cls.video(frame, item.width, item.height, pixels, 30.0, session_id)
    raise ValueError(f"{item!r} has no form as RuntimeData")


def _key(table: dict[Any, str], name: str) -> Any:
    return next((key for key, value in table.items() if value == name), None)


def item_of(data: RuntimeData, origin: Media | None) -> Any:
    """The item that RuntimeData stands for; `origin` is the medium that it was made of.

    Raises ValueError or TypeError where the payload is not what the type says.
    """
    item = _item_of(data, origin)
    if isinstance(item, media.Text) and isinstance(origin, media.Text):
        same = (item.channel or _SPOKEN) == (origin.channel or _SPOKEN)
        return item.replace(channel=origin.channel) if same else item
    if type(item) is type(origin) and isinstance(item, (media.Audio, media.Video)):
        kept = ("stream_id", "timestamp_us", "frame_number", "is_keyframe")
        return item.replace(
            **{name: getattr(origin, name) for name in kept if name in item._fields}
        )
    return item


def _item_of(data: RuntimeData, origin: Media | None) -> Any:
    payload, described = data.payload, data.metadata
    if data.type is DataType.TEXT:
        text = data.as_text()
        channel = None if described.channel == _SPOKEN else described.channel
        if described.language is not None or channel is not None or isinstance(origin, media.Text):
            return media.Text(text, described.language, channel)
        return text
    if data.type is DataType.AUDIO:
        form = (described.sample_rate, described.channels)
        return media.Audio(_samples(payload), *form, metadata=described.annotations or None)
    if data.type is DataType.VIDEO:
        pixels = _PIXELS.get(described.format)
        if pixels is None:
            raise ValueError(f"pixels of {described.format.name} have no form as an item")
        return media.Video(payload, described.width, described.height, pixels)
    if data.type in (DataType.TENSOR, DataType.NUMPY):
        if isinstance(payload, bytes) and described is not None:
            return media.Tensor(payload, described.shape, _ELEMENTS[described.dtype])
        return media.Tensor(payload)
    if data.type is DataType.FILE:
        return media.File(**{name: getattr(described, name) for name in media.File._fields})
    if data.type is DataType.CONTROL_MESSAGE:
        at = getattr(origin, "timestamp_ms", int((data.timestamp or 0.0) * 1000))
        return media.Control(_CONTROLS[described.message_type], described.segment_id, at)
    if data.type is DataType.BINARY:
        mime_type = getattr(described, "mime_type", None)
        return bytes(payload) if mime_type is None else media.Binary(payload, mime_type)
    return payload


def array(values: Any, dtype: str | None = None) -> Any:
    """Numbers as an array of numpy's, or where there is none, of floats of the standard library."""
    try:
        import numpy
    except ImportError:
        from array import array as plain

        return plain("f", values)
    return numpy.array(values, dtype=dtype)


def _array_of(payload: Any) -> Any:
    """An array that shares the payload's memory; the payload's view where numpy is not there."""
    try:
        import numpy
    except ImportError:
        return getattr(payload, "view", payload)
    return numpy.asarray(payload)


def _samples(payload: Any) -> Any:
    """Samples as 32-bit floats; integers are scaled to from -1 to 1."""
    kind = str(getattr(payload, "dtype", ""))
    if not kind or kind == "float32":
        return payload.reshape(-1) if getattr(payload, "ndim", 1) > 1 else payload
    flat = payload.reshape(-1)
    if kind == "uint8":
        flat = flat.astype("float32") - 128.0
    scale = _INTEGER_SCALE.get(kind, 1)
    return (flat / scale).astype("float32")
