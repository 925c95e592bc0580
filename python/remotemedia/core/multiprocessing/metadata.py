"""What RuntimeData can hold, and what describes each kind of payload."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Self


class DataType(Enum):
    """What a RuntimeData holds."""

    AUDIO = 1
    VIDEO = 2
    TEXT = 3
    TENSOR = 4
    CONTROL_MESSAGE = 5
    NUMPY = 6
    FILE = 7
    JSON = 8
    BINARY = 9


class AudioFormat(Enum):
    """How samples are stored."""

    F32 = 1
    I16 = 2
    I24 = 3
    I32 = 4
    U8 = 5


class VideoFormat(Enum):
    """How pixels are stored."""

    RGB = 1
    RGBA = 2
    YUV420 = 3
    YUV422 = 4
    YUV444 = 5
    BGR = 6


class TensorType(Enum):
    """Element types of tensors."""

    F32 = 1
    F64 = 2
    I32 = 3
    I64 = 4
    U8 = 5
    U16 = 6


class ControlMessageType(Enum):
    """What a control message asks for."""

    CANCEL_SPECULATION = "CancelSpeculation"
    BATCH_HINT = "BatchHint"
    DEADLINE_WARNING = "DeadlineWarning"


@dataclass
class AudioMetadata:
    """Describes audio: frames a second, channels, and its length in milliseconds."""

    sample_rate: int
    channels: int
    format: AudioFormat
    duration_ms: int
    annotations: dict[str, Any] | None = None


@dataclass
class VideoMetadata:
    """Describes a frame: its size in pixels, and frames a second."""

    width: int
    height: int
    format: VideoFormat
    fps: float


@dataclass
class TextMetadata:
    """Describes text. The channel `tts` is what is to be spoken, `ui` what is only shown."""

    encoding: str = "utf-8"
    language: str | None = None
    channel: str = "tts"


@dataclass
class TensorMetadata:
    """Describes a tensor."""

    shape: tuple[int, ...]
    dtype: TensorType


@dataclass
class BinaryMetadata:
    """Describes bytes."""

    mime_type: str | None = None


@dataclass
class ControlMessageMetadata:
    """Describes a control message; each field is there for one kind of message."""

    message_type: ControlMessageType
    segment_id: str | None = None
    from_timestamp: int | None = None
    to_timestamp: int | None = None
    suggested_batch_size: int | None = None
    deadline_us: int | None = None
    extra: dict[str, Any] | None = None

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Read `{"message_type": {"BatchHint": {...}}, "segment_id": ..., ...}`.

        Raises ValueError for another type of message.
        """
        named = data.get("message_type") or {}
        for kind in ControlMessageType:
            if kind.value in named:
                details = named[kind.value] if isinstance(named, dict) else {}
                return cls(
                    kind,
                    data.get("segment_id"),
                    details.get("from_timestamp"),
                    details.get("to_timestamp"),
                    details.get("suggested_batch_size"),
                    details.get("deadline_us"),
                    data.get("metadata"),
                )
        raise ValueError(f"Unknown control message type: {named}")


@dataclass
class FileMetadata:
    """Describes a file, or a part of one. What is in it is not here."""

    path: str
    filename: str | None = None
    mime_type: str | None = None
    size: int | None = None
    offset: int | None = None
    length: int | None = None
    stream_id: str | None = None

    @classmethod
    def from_ipc(cls, *fields: Any, **named: Any) -> Self:
        """The same as the constructor."""
        return cls(*fields, **named)
