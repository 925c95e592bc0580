"""Items as the SDK's newer nodes see them: a kind, a payload and what describes it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import ClassVar

from .items import array, item_of, made_of
from .metadata import (
    AudioFormat,
    AudioMetadata,
    BinaryMetadata,
    ControlMessageMetadata,
    ControlMessageType,
    DataType,
    FileMetadata,
    TensorMetadata,
    TensorType,
    TextMetadata,
    VideoFormat,
    VideoMetadata,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Self

    from ...media import Media

__all__ = [
    "AudioFormat",
    "AudioMetadata",
    "BinaryMetadata",
    "ControlMessageMetadata",
    "ControlMessageType",
    "DataType",
    "FileMetadata",
    "RuntimeData",
    "TensorMetadata",
    "TensorType",
    "TextMetadata",
    "VideoFormat",
    "VideoMetadata",
]

_NEEDS = {
    DataType.AUDIO: ("Audio", AudioMetadata),
    DataType.VIDEO: ("Video", VideoMetadata),
    DataType.TENSOR: ("Tensor", TensorMetadata),
}


@dataclass
class RuntimeData:
    """One item: what it is, the payload, and what describes it."""

    type: DataType
    payload: Any
    session_id: str = ""
    timestamp: float | None = None
    metadata: Any = None

    _origin: ClassVar[Media | None] = None
    """The medium that it was made of: what RuntimeData has no place for is kept there."""

    def __post_init__(self) -> None:
        if self.timestamp is None:
            self.timestamp = time.time()
        if self.type in _NEEDS:
            name, kind = _NEEDS[self.type]
            if not isinstance(self.metadata, kind):
                raise ValueError(f"{name} data requires {kind.__name__}")
        elif self.type is DataType.TEXT:
            if isinstance(self.payload, str):
                self.payload = self.payload.encode()
            if self.metadata is None:
                self.metadata = TextMetadata()
        elif self.type is DataType.CONTROL_MESSAGE:
            self._describe_control()
        elif self.type is DataType.FILE:
            self._describe_file()

    def _describe_control(self) -> None:
        if isinstance(self.metadata, ControlMessageMetadata):
            return
        payload = self.payload
        if isinstance(payload, bytes):
            from json import loads

            payload = loads(payload)
        if not isinstance(payload, dict):
            raise ValueError("ControlMessage requires ControlMessageMetadata or JSON payload")
        self.metadata = ControlMessageMetadata.from_json(payload)

    def _describe_file(self) -> None:
        if isinstance(self.metadata, FileMetadata):
            return
        if not isinstance(self.payload, dict):
            raise ValueError("File requires FileMetadata or dict payload with 'path' field")
        known = FileMetadata.__dataclass_fields__
        fields = {name: self.payload.get(name) for name in known}
        self.metadata = FileMetadata(**{**fields, "path": self.payload.get("path", "")})

    @classmethod
    def text(
        cls, text: str, session_id: str = "", language: str | None = None, channel: str = "tts"
    ) -> Self:
        """A text."""
        described = TextMetadata(language=language, channel=channel)
        return cls(DataType.TEXT, text, session_id, None, described)

    @classmethod
    def json(cls, data: Any, session_id: str = "") -> Self:
        """Plain data."""
        return cls(DataType.JSON, data, session_id)

    @classmethod
    def audio(
        cls,
        samples: Any,
        sample_rate: int,
        channels: int = 1,
        session_id: str = "",
        format: AudioFormat = AudioFormat.F32,
    ) -> Self:
        """Interleaved samples: an array, or a list of numbers."""
        samples = array(samples, "float32") if isinstance(samples, (list, tuple)) else samples
        duration = int(len(samples) / channels / sample_rate * 1000)
        described = AudioMetadata(sample_rate, channels, format, duration)
        return cls(DataType.AUDIO, samples, session_id, None, described)

    @classmethod
    def video(
        cls,
        frame: Any,
        width: int,
        height: int,
        format: VideoFormat = VideoFormat.RGB,
        fps: float = 30.0,
        session_id: str = "",
    ) -> Self:
        """One frame of raw pixels, as an array or bytes."""
        described = VideoMetadata(width, height, format, fps)
        return cls(DataType.VIDEO, frame, session_id, None, described)

    @classmethod
    def tensor(cls, data: Any, session_id: str = "", dtype: TensorType = TensorType.F32) -> Self:
        """An array of any number of dimensions."""
        elements = array(data) if isinstance(data, (list, tuple)) else data
        shape = tuple(getattr(elements, "shape", (len(elements),)))
        return cls(DataType.TENSOR, elements, session_id, None, TensorMetadata(shape, dtype))

    @classmethod
    def numpy(cls, array: Any, session_id: str = "") -> Self:
        """An array of numpy's as it is."""
        return cls(DataType.NUMPY, array, session_id)

    @classmethod
    def binary(cls, data: bytes, mime_type: str | None = None, session_id: str = "") -> Self:
        """Bytes, with their type where it is known."""
        return cls(DataType.BINARY, data, session_id, None, BinaryMetadata(mime_type))

    @classmethod
    def file(
        cls,
        path: str,
        session_id: str = "",
        filename: str | None = None,
        mime_type: str | None = None,
        size: int | None = None,
        offset: int | None = None,
        length: int | None = None,
        stream_id: str | None = None,
    ) -> Self:
        """A reference to a file, or to a part of it."""
        described = FileMetadata(path, filename, mime_type, size, offset, length, stream_id)
        return cls(DataType.FILE, dict(vars(described)), session_id, None, described)

    @classmethod
    def control_message(
        cls,
        message_type: ControlMessageType,
        segment_id: str | None = None,
        session_id: str = "",
        **details: Any,
    ) -> Self:
        """A message to nodes. `details` are fields of ControlMessageMetadata, and `metadata`."""
        names = ("from_timestamp", "to_timestamp", "suggested_batch_size", "deadline_us")
        described = ControlMessageMetadata(message_type, segment_id)
        for name in names:
            setattr(described, name, details.get(name))
        described.extra = details.get("metadata")
        payload = {"message_type": message_type.value, "segment_id": segment_id, **details}
        return cls(DataType.CONTROL_MESSAGE, payload, session_id, None, described)

    @property
    def size(self) -> int:
        """How many bytes the payload has; 0 for what has none."""
        try:
            return memoryview(self.payload).nbytes
        except TypeError:
            return len(self.payload) if isinstance(self.payload, str) else 0

    def data_type(self) -> str:
        """What it holds, as a word: `text`, `audio`."""
        return self.type.name.lower()

    def is_text(self) -> bool:
        """Whether it is a text."""
        return self.type is DataType.TEXT

    def is_json(self) -> bool:
        """Whether it is plain data."""
        return self.type is DataType.JSON

    def is_audio(self) -> bool:
        """Whether it is audio."""
        return self.type is DataType.AUDIO

    def is_video(self) -> bool:
        """Whether it is a frame of video."""
        return self.type is DataType.VIDEO

    def is_tensor(self) -> bool:
        """Whether it is a tensor."""
        return self.type is DataType.TENSOR

    def is_numpy(self) -> bool:
        """Whether it is an array of numpy's."""
        return self.type is DataType.NUMPY

    def is_binary(self) -> bool:
        """Whether it is bytes."""
        return self.type is DataType.BINARY

    def is_file(self) -> bool:
        """Whether it is a reference to a file."""
        return self.type is DataType.FILE

    def is_control_message(self) -> bool:
        """Whether it is a control message."""
        return self.type is DataType.CONTROL_MESSAGE

    def is_cancellation(self) -> bool:
        """Whether it is a message that cancels speculation."""
        kind = getattr(self.metadata, "message_type", None)
        return self.is_control_message() and kind is ControlMessageType.CANCEL_SPECULATION

    def as_text(self, encoding: str = "utf-8") -> str:
        """The text. Raises ValueError for anything else."""
        self._require(DataType.TEXT, "Can only convert TEXT data to string")
        payload = self.payload
        return payload if isinstance(payload, str) else bytes(payload).decode(encoding)

    def as_json(self) -> Any:
        """The plain data. Raises ValueError for anything else."""
        self._require(DataType.JSON, "Can only take plain data from JSON data")
        return self.payload

    def as_numpy(self) -> Any:
        """The payload as an array, not copied. Raises ValueError for what is none."""
        import numpy

        if isinstance(self.payload, bytes):
            return numpy.frombuffer(self.payload, dtype=numpy.uint8)
        if hasattr(self.payload, "__array__") or _is_buffer(self.payload):
            return numpy.asarray(self.payload)
        raise ValueError(f"Cannot convert {type(self.payload)} to numpy array")

    def as_audio(self) -> tuple[bytes, int, int, str, int]:
        """Samples as bytes, sample rate, channels, `f32`, and how many samples there are.

        Raises ValueError for anything else than audio.
        """
        self._require(DataType.AUDIO, "Can only take samples from AUDIO data")
        audio = self.as_item()
        samples = memoryview(audio.samples)
        form = (audio.sample_rate, audio.channels, "f32", len(audio.samples))
        return (samples.tobytes(), *form)

    def as_binary(self) -> bytes:
        """The bytes. Raises ValueError for anything else."""
        self._require(DataType.BINARY, "Can only take bytes from BINARY data")
        return bytes(self.payload)

    def get_file_path(self) -> str:
        """The path of a file. Raises ValueError for anything else."""
        self._require(DataType.FILE, "Can only get path from FILE data")
        return str(self.metadata.path)

    def _require(self, kind: DataType, problem: str) -> None:
        if self.type is not kind:
            raise ValueError(problem)

    @classmethod
    def of(cls, item: Any, session_id: str = "") -> RuntimeData:
        """What an item of a pipeline is to a node that takes RuntimeData.

        Raises ValueError for media that have no form here, such as coded video.
        """
        if isinstance(item, cls):
            return item
        data = made_of(cls, item, session_id)
        if hasattr(item, "fields"):
            data._origin = item  # type: ignore[misc]
        return data

    def as_item(self) -> Any:
        """The item of a pipeline that it stands for.

        Raises ValueError or TypeError where the payload is not what the type says.
        """
        return item_of(self, self._origin)


def _is_buffer(payload: Any) -> bool:
    try:
        memoryview(payload)
    except TypeError:
        return False
    return True
