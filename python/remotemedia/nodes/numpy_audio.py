"""The SDK's audio nodes on arrays of numpy's: rate, channels, formats, speech.

An item is `(array, sample_rate)` with anything behind it, a dict with `audio_data` and
`sample_rate`, or Audio; what comes out has the form of what came in. Arrays are of one dimension,
or of channels and samples. numpy is imported by the first item: types are listed without it.
"""

from __future__ import annotations

from ..core.exceptions import ConfigurationError, NodeError
from ..core.node import Node
from ..media import Audio

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, Unpack

    from ..core.node import NodeOptions

_SCALES = {"f32": 1.0, "i16": float(1 << 15), "i32": float(1 << 31)}
_DTYPES = {"f32": "float32", "i16": "int16", "i32": "int32"}


class Signal:
    """Audio of whatever form, as an array of channels and samples."""

    __slots__ = ("channels", "item", "rate")

    def __init__(self, channels: Any, rate: int, item: Any) -> None:
        self.channels = channels
        self.rate = rate
        self.item = item

    @classmethod
    def of(cls, item: Any, taker: Node) -> Signal:
        """The audio in an item. Raises NodeError where there is none."""
        import numpy

        if isinstance(item, Audio):
            return cls(
                numpy.asarray(item.view).reshape(-1, item.channels).T, item.sample_rate, item
            )
        array: Any = None
        rate: Any = None
        if isinstance(item, (tuple, list)) and len(item) >= 2:
            array, rate = item[:2]
        elif isinstance(item, dict):
            array, rate = item.get("audio_data"), item.get("sample_rate")
        fits = isinstance(array, numpy.ndarray) and array.ndim in (1, 2)
        if not fits or not isinstance(rate, (int, numpy.integer)) or rate < 1:
            raise NodeError(
                f"{type(taker).__name__} takes Audio, (array, sample_rate) or a dict with "
                f"`audio_data` and `sample_rate`, not {type(item).__name__}"
            )
        return cls(array.reshape(-1, array.shape[-1]), int(rate), item)

    def given(self, channels: Any, rate: int | None = None, **notes: Any) -> Any:
        """Other audio in the form of this one; `notes` are put where the form has a place."""
        rate = rate or self.rate
        item = self.item
        if isinstance(item, Audio):
            metadata = {**(item.metadata or {}), **notes} or None
            samples = channels.T.astype("float32").reshape(-1)
            count = channels.shape[0]
            changes = {"samples": samples, "sample_rate": rate, "channels": count}
            return item.replace(**changes, metadata=metadata)
        if isinstance(item, dict):
            return {**item, "audio_data": channels, "sample_rate": rate, **notes}
        rest = (notes, *item[2:]) if notes else tuple(item[2:])
        return (channels, rate, *rest)

    def resampled(self, rate: int, quality: int = 16) -> Any:
        """The channels at another sample rate, as floats."""
        if rate == self.rate:
            return self.channels
        import numpy

        from .resample import Resampler

        count = self.channels.shape[0]
        resampler = Resampler(self.rate, rate, count, quality)
        flat = [_floats(channel) for channel in self.channels]
        begun = resampler.push(flat)
        return numpy.array(
            [a + b for a, b in zip(begun, resampler.finish(), strict=True)], "float32"
        )


def _floats(channel: Any) -> Any:
    from array import array

    return array("f", channel.astype("float32").tobytes())


def _loudness(signal: Signal, frame_ms: int) -> Any:
    """The root mean square of each whole frame of the mean of the channels."""
    import numpy

    mono = signal.channels.astype("float64").mean(axis=0)
    size = max(1, signal.rate * frame_ms // 1000)
    whole = len(mono) // size
    return numpy.sqrt((mono[: whole * size].reshape(whole, size) ** 2).mean(axis=1))


class AudioTransform(Node):
    """Change the sample rate and the number of channels."""

    def __init__(
        self,
        output_sample_rate: int = 44100,
        output_channels: int = 2,
        **options: Unpack[NodeOptions],
    ) -> None:
        super().__init__(**options)
        self.output_sample_rate = output_sample_rate
        self.output_channels = output_channels

    def process(self, data: Any) -> Any:
        """Resample; one channel is the mean of many, many are copies of one, or the first ones."""
        import numpy

        signal = Signal.of(data, self)
        channels = signal.resampled(self.output_sample_rate)
        count = channels.shape[0]
        if self.output_channels == 1 and count > 1:
            channels = channels.mean(axis=0, keepdims=True)
        elif self.output_channels > count == 1:
            channels = numpy.tile(channels, (self.output_channels, 1))
        elif self.output_channels > count:
            raise NodeError(f"{count} channels can't become {self.output_channels}")
        else:
            channels = channels[: self.output_channels]
        return signal.given(channels, self.output_sample_rate)


class AudioResampler(Node):
    """Change the sample rate."""

    def __init__(self, target_sample_rate: int = 44100, **options: Unpack[NodeOptions]) -> None:
        super().__init__(**options)
        self.target_sample_rate = target_sample_rate

    def process(self, data: Any) -> Any:
        """Resample."""
        signal = Signal.of(data, self)
        rate = self.target_sample_rate
        return signal.given(signal.resampled(rate), rate)


class AudioBuffer(Node):
    """Collect audio, and give it in pieces of `buffer_size_samples`; the last one is shorter.

    When the format changes, what there is of the old one comes first.
    """

    def __init__(self, buffer_size_samples: int, **options: Unpack[NodeOptions]) -> None:
        super().__init__(**options)
        if buffer_size_samples < 1:
            raise ConfigurationError(
                f"buffer_size_samples must be at least 1, not {buffer_size_samples}"
            )
        self.buffer_size_samples = buffer_size_samples
        self._waiting: Signal | None = None

    def process(self, data: Any) -> Iterator[Any]:
        """Give the pieces that are complete."""
        import numpy

        signal = Signal.of(data, self)
        before = self._waiting
        if before is not None:
            same = before.rate == signal.rate and len(before.channels) == len(signal.channels)
            if same:
                signal.channels = numpy.concatenate((before.channels, signal.channels), axis=1)
            else:
                yield from self.flush()
        size = self.buffer_size_samples
        at, end = 0, signal.channels.shape[1]
        while at + size <= end:
            yield signal.given(signal.channels[:, at : at + size])
            at += size
        signal.channels = signal.channels[:, at:]
        self._waiting = signal

    def flush(self) -> Iterator[Any]:
        """Give what is left."""
        rest, self._waiting = self._waiting, None
        if rest is not None and rest.channels.shape[1]:
            yield rest.given(rest.channels)


class ExtractAudioDataNode(Node):
    """Take the samples out of audio, as an array of one dimension."""

    def __init__(self, **options: Unpack[NodeOptions]) -> None:
        super().__init__(**options)

    def process(self, data: Any) -> Any:
        """The samples, one channel after the other."""
        return Signal.of(data, self).channels.flatten()


class VADNode(Node):
    """Say how many frames of audio are louder than a threshold.

    It gives the audio with `is_speech`, `speech_frames` and `total_frames`.
    """

    def __init__(
        self,
        frame_duration_ms: int = 30,
        energy_threshold: float = 0.02,
        runtime_hint: str = "auto",
        *,
        threshold: float | None = None,
        **options: Unpack[NodeOptions],
    ) -> None:
        super().__init__(**options)
        self.frame_duration_ms = frame_duration_ms
        self.energy_threshold = energy_threshold if threshold is None else threshold
        self.runtime_hint = runtime_hint

    def process(self, data: Any) -> Any:
        """Compare the frames with the threshold."""
        signal = Signal.of(data, self)
        loudness = _loudness(signal, self.frame_duration_ms)
        loud = int((loudness > self.energy_threshold).sum())
        return signal.given(
            signal.channels, is_speech=loud > 0, speech_frames=loud, total_frames=len(loudness)
        )


class FormatConverterNode(Node):
    """Change how samples are stored: `f32` (from -1 to 1), `i16` or `i32`.

    Audio items always hold `f32`.
    """

    def __init__(
        self,
        target_format: str = "f32",
        runtime_hint: str = "auto",
        **options: Unpack[NodeOptions],
    ) -> None:
        super().__init__(**options)
        self.target_format = target_format.lower()
        if self.target_format not in _SCALES:
            raise ConfigurationError(f"target_format {target_format!r} is none of f32, i16, i32")
        self.runtime_hint = runtime_hint

    def process(self, data: Any) -> Any:
        """Scale the samples, and limit them to what the format holds."""
        import numpy

        signal = Signal.of(data, self)
        if isinstance(data, Audio):
            if self.target_format != "f32":
                raise NodeError(f"Audio holds f32, never {self.target_format}")
            return data
        names = {dtype: name for name, dtype in _DTYPES.items()}
        given = names.get(str(signal.channels.dtype), "f32")
        if given == self.target_format:
            return signal.given(signal.channels.astype(_DTYPES[given]))
        scale = _SCALES[self.target_format]
        values = signal.channels.astype("float64") / _SCALES[given] * scale
        if scale > 1:
            values = numpy.clip(values, -scale, scale - 1)
        return signal.given(values.astype(_DTYPES[self.target_format]))


class VoiceActivityDetector(Node):
    """Say of each piece of audio whether it is speech, or pass on only what is.

    It is where enough of its frames are louder than a threshold, which follows the noise. Arrays
    come as `((array, sample_rate), {...})`; with `filter_mode`, and for Audio, as they were.
    """

    _HISTORY = 100
    _NOISE = 0.3
    """Where among the last frames, from the quietest on, the noise is looked for."""

    def __init__(
        self,
        frame_duration_ms: int = 30,
        energy_threshold: float = 0.02,
        speech_threshold: float = 0.3,
        filter_mode: bool = False,
        include_metadata: bool = True,
        **options: Unpack[NodeOptions],
    ) -> None:
        super().__init__(**options)
        self.frame_duration_ms = frame_duration_ms
        self.energy_threshold = energy_threshold
        self.speech_threshold = speech_threshold
        self.filter_mode = filter_mode
        self.include_metadata = include_metadata
        self._history: list[float] = []

    def process(self, data: Any) -> Any:
        """Compare the frames with the threshold as it is now."""
        plain, given = self.split_data_metadata(data)
        signal = Signal.of(plain, self)
        threshold = self._threshold()
        loudness = _loudness(signal, self.frame_duration_ms).tolist()
        self._history = (self._history + loudness)[-self._HISTORY :]
        count = max(1, len(loudness))
        share = sum(loud > threshold for loud in loudness) / count
        found: dict[str, Any] = {
            "is_speech": share >= self.speech_threshold,
            "speech_ratio": share,
            "avg_energy": sum(loudness) / count,
            "frame_duration_ms": self.frame_duration_ms,
        }
        if self.filter_mode:
            return data if found["is_speech"] else None
        if not self.include_metadata:
            return data
        if isinstance(plain, tuple):
            return ((signal.channels, signal.rate), {**(given or {}), **found})
        return signal.given(signal.channels, **found)

    def _threshold(self) -> float:
        if not self._history:
            return self.energy_threshold
        noise = sorted(self._history)[int(len(self._history) * self._NOISE)]
        return 0.7 * 2.5 * noise + 0.3 * self.energy_threshold
