"""Audio: which parts are speech."""

from __future__ import annotations

from array import array
from math import sqrt
from operator import mul

from ..core.exceptions import ConfigurationError
from ..media import Audio
from ._audio import AudioNode, Joined, samples_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Unpack

    from ..core.node import NodeOptions


class EnergyVadNode(AudioNode):
    """Keep the parts of audio that are louder than `threshold`, each as one piece.

    Loudness is the root mean square of a frame of `frame_ms` milliseconds, over all channels. A
    part ends when it has been quiet for `hangover_ms`; shorter gaps belong to it. Parts with less
    than `min_speech_ms` of loud frames are dropped. Parts span item borders. Each has metadata
    `{"start", "end", "energy"}`: seconds from the beginning of the stream, and its loudness.
    """

    def __init__(
        self,
        threshold: float = 0.02,
        frame_ms: int = 30,
        min_speech_ms: int = 60,
        hangover_ms: int = 300,
        **options: Unpack[NodeOptions],
    ) -> None:
        super().__init__(**options)
        if frame_ms < 1:
            raise ConfigurationError(f"frame_ms must be at least 1, not {frame_ms}")
        self.threshold = threshold
        self.frame_ms = frame_ms
        self.min_speech_ms = min_speech_ms
        self.hangover_ms = hangover_ms
        self._waiting = Joined()
        self._format: Audio | None = None
        self._speech = array("f")
        self._begin = 0
        self._position = 0
        self._loud = 0
        self._quiet = 0
        self._quiet_samples = 0

    def process_audio(self, audio: Audio) -> Iterator[Audio]:
        """Give the parts that are complete."""
        if not self._waiting.fits(audio):
            yield from self.flush()
        if self._format is None:
            self._format = audio
        self._waiting.add(audio)
        size = max(1, audio.sample_rate * self.frame_ms // 1000)
        while self._waiting.frames >= size:
            frame = self._waiting.take(size)
            if frame is not None:
                yield from self._frame(samples_of(frame), size)

    def _frame(self, samples: array[float], frames: int) -> Iterator[Audio]:
        energy = sqrt(sum(map(mul, samples, samples)) / len(samples))
        loud = energy >= self.threshold
        if loud and not self._speech:
            self._begin = self._position
        self._position += frames
        if loud:
            self._loud += 1
            self._quiet = self._quiet_samples = 0
        elif not self._speech:
            return
        else:
            self._quiet += 1
            self._quiet_samples += len(samples)  # the stream's last frame may be short
        self._speech.extend(samples)
        if self._quiet * self.frame_ms >= self.hangover_ms and not loud:
            yield from self._part()

    def _part(self) -> Iterator[Audio]:
        """Give what has been collected, without the silence at its end."""
        first, loud = self._format, self._loud
        samples, self._speech = self._speech, array("f")
        quiet, self._quiet_samples = self._quiet_samples, 0
        self._quiet = self._loud = 0
        if first is None or not samples or loud * self.frame_ms < self.min_speech_ms:
            return
        if quiet:
            del samples[len(samples) - quiet :]
        start = self._begin / first.sample_rate
        length = len(samples) / first.channels / first.sample_rate
        energy = sqrt(sum(map(mul, samples, samples)) / len(samples))
        timestamp = first.timestamp_us
        if timestamp is not None:
            timestamp += self._begin * 1_000_000 // first.sample_rate
        yield first.replace(
            samples=samples,
            timestamp_us=timestamp,
            metadata={
                **(first.metadata or {}),
                "start": start,
                "end": start + length,
                "energy": energy,
            },
        )

    def flush(self) -> Iterator[Audio]:
        """Give the part that is not complete."""
        first = self._format
        if first is not None:
            for rest in self._waiting.drain():
                yield from self._frame(samples_of(rest), rest.frames)
            yield from self._part()
        self._format = None
        self._position = 0
