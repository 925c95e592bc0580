"""Audio: gain, channels, chunks."""

from __future__ import annotations

from array import array

from ..core.exceptions import ConfigurationError
from ..media import Audio
from ._audio import AudioNode, Joined, samples_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Unpack

    from ..core.node import NodeOptions


def _at_least_one(name: str, value: int) -> int:
    if value < 1:
        raise ConfigurationError(f"{name} must be at least 1, not {value}")
    return value


class AudioGainNode(AudioNode):
    """Make audio louder or quieter by `gain_db` decibels, limited to ±1 with `clip`."""

    def __init__(
        self, gain_db: float = 0.0, clip: bool = False, **options: Unpack[NodeOptions]
    ) -> None:
        super().__init__(**options)
        self.gain_db = gain_db
        self.clip = clip
        self._factor = 10.0 ** (gain_db / 20.0)

    def process_audio(self, audio: Audio) -> Audio:
        """Multiply the samples."""
        factor = self._factor
        if self.clip:
            scaled = [max(-1.0, min(1.0, sample * factor)) for sample in samples_of(audio)]
        else:
            scaled = [sample * factor for sample in samples_of(audio)]
        return audio.replace(samples=array("f", scaled))


class AudioMixDownNode(AudioNode):
    """Mix all channels down to one, their mean."""

    def __init__(self, **options: Unpack[NodeOptions]) -> None:
        super().__init__(**options)

    def process_audio(self, audio: Audio) -> Audio:
        """Average the channels."""
        count = audio.channels
        if count == 1:
            return audio
        samples = samples_of(audio)
        share = 1.0 / count
        frames = zip(*(samples[channel::count] for channel in range(count)), strict=True)
        mixed = array("f", [sum(frame) * share for frame in frames])
        return audio.replace(samples=mixed, channels=1)


class AudioChunkNode(AudioNode):
    """Cut audio into chunks of `frames` frames; the last one may be shorter.

    When the format or the stream changes, what is left of the old one comes first.
    """

    def __init__(self, frames: int = 1024, **options: Unpack[NodeOptions]) -> None:
        super().__init__(**options)
        self.frames = _at_least_one("frames", frames)
        self._joined = Joined()

    def process_audio(self, audio: Audio) -> Iterator[Audio]:
        """Give the chunks that are complete."""
        if not self._joined.fits(audio):
            yield from self._joined.drain()
        self._joined.add(audio)
        while self._joined.frames >= self.frames:
            chunk = self._joined.take(self.frames)
            if chunk is not None:
                yield chunk

    def flush(self) -> Iterator[Audio]:
        """Give the rest."""
        yield from self._joined.drain()


class AudioBufferNode(AudioNode):
    """Join every `chunks` pieces of audio into one; the last one may be of fewer.

    When the format or the stream changes, what there is of the old one is joined.
    """

    def __init__(self, chunks: int = 10, **options: Unpack[NodeOptions]) -> None:
        super().__init__(**options)
        self.chunks = _at_least_one("chunks", chunks)
        self._joined = Joined()
        self._count = 0

    def process_audio(self, audio: Audio) -> Iterator[Audio]:
        """Give the joined audio when enough has come."""
        if not self._joined.fits(audio):
            yield from self.flush()
        self._joined.add(audio)
        self._count += 1
        if self._count >= self.chunks:
            yield from self.flush()

    def flush(self) -> Iterator[Audio]:
        """Give what there is."""
        self._count = 0
        yield from self._joined.drain()


_ELSEWHERE = {
    "AudioResampleNode": "resample",
    "AudioTransform": "numpy_audio",
    "AudioResampler": "numpy_audio",
    "AudioBuffer": "numpy_audio",
    "ExtractAudioDataNode": "numpy_audio",
    "VADNode": "numpy_audio",
    "FormatConverterNode": "numpy_audio",
    "VoiceActivityDetector": "numpy_audio",
}
"""What programs import from here, and the module that has it."""


def __getattr__(name: str) -> object:
    if name not in _ELSEWHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value: object = getattr(import_module(f"remotemedia.nodes.{_ELSEWHERE[name]}"), name)
    return value
