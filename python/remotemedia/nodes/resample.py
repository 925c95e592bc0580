"""Audio: other sample rates."""

from __future__ import annotations

from array import array
from math import cos, gcd, pi, sin
from operator import mul

from ..core.exceptions import ConfigurationError
from ..media import Audio
from ._audio import AudioNode, interleave, samples_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, Unpack

    from ..core.node import NodeOptions

_ZEROS = {"low": 4, "medium": 8, "high": 16}
_MAX_PHASES = 1024


class Resampler:
    """Windowed-sinc interpolation from one rate to another, over any number of chunks."""

    def __init__(self, source: int, target: int, channels: int, zeros: int) -> None:
        common = gcd(source, target)
        self._up, self._down = target // common, source // common
        # Below the lower of the two Nyquist frequencies, so that nothing is aliased.
        self._cutoff = min(1.0, self._up / self._down) * (1.0 - 0.5 / zeros)
        self._half = int(zeros / self._cutoff) + 1
        self._filters: dict[int, list[float]] = {}
        # Silence before the first frame; `_begin` is the position of what is first in the history.
        self._history = [array("f", bytes(4 * (self._half - 1))) for _ in range(channels)]
        self._begin = 1 - self._half
        self._received = 0
        self.given = 0
        """How many frames have come out."""

    def _filter(self, phase: int) -> list[float]:
        """The weights of the frames around a position that is `phase / up` after a frame."""
        found = self._filters.get(phase)
        if found is None:
            found = self._weights(phase / self._up)
            if len(self._filters) < _MAX_PHASES:
                self._filters[phase] = found
        return found

    def _weights(self, fraction: float) -> list[float]:
        half, cutoff = self._half, self._cutoff
        weights = []
        for offset in range(1 - half, half + 1):
            distance = offset - fraction
            angle = pi * cutoff * distance
            sinc = 1.0 if abs(angle) < 1e-12 else sin(angle) / angle
            turn = pi * distance / half
            window = 0.42 + 0.5 * cos(turn) + 0.08 * cos(2.0 * turn)  # Blackman
            weights.append(sinc * window)
        total = sum(weights)
        return [weight / total for weight in weights]

    def push(self, channels: list[array[float]]) -> list[array[float]]:
        """Take frames, and give those that can be computed from what is there."""
        self._received += len(channels[0])
        for history, samples in zip(self._history, channels, strict=True):
            history.extend(samples)
        return self._compute(None)

    def finish(self) -> list[array[float]]:
        """Give the last frames; the audio is taken to go on with silence."""
        for history in self._history:
            history.extend(array("f", bytes(4 * self._half)))
        return self._compute(-(-self._received * self._up // self._down))

    def _compute(self, limit: int | None) -> list[array[float]]:
        up, down, half = self._up, self._down, self._half
        history = self._history
        end = self._begin + len(history[0])
        results = [array("f") for _ in history]
        given = self.given
        width = 2 * half
        while limit is None or given < limit:
            at, phase = divmod(given * down, up)
            if at + half >= end:
                break
            weights = self._filter(phase)
            start = at + 1 - half - self._begin
            for channel, result in zip(history, results, strict=True):
                result.append(sum(map(mul, weights, channel[start : start + width])))
            given += 1
        self.given = given
        unneeded = given * down // up + 1 - half - self._begin
        if unneeded > 0:
            self._history = [channel[unneeded:] for channel in history]
            self._begin += min(unneeded, len(history[0]))
        return results


class AudioResampleNode(AudioNode):
    """Change the sample rate to `sample_rate`, by windowed-sinc interpolation.

    Pieces that follow one another are taken as one continuous signal: the last few samples of a
    piece come with the next one, or at the end. With `continuous` false each piece is taken by
    itself. `quality` is low, medium or high. `target_sample_rate` and `target_rate` are other names
    for `sample_rate`. Arrays of numpy's, as (array, sample_rate) or a dict with `audio_data` and
    `sample_rate`, are taken one by one, and given in the same form.
    """

    def __init__(
        self,
        sample_rate: int = 16000,
        quality: str = "high",
        continuous: bool = True,
        target_sample_rate: int | None = None,
        target_rate: int | None = None,
        runtime_hint: str = "auto",
        **options: Unpack[NodeOptions],
    ) -> None:
        super().__init__(**options)
        named = target_rate if target_sample_rate is None else target_sample_rate
        self.sample_rate = sample_rate if named is None else named
        self.runtime_hint = runtime_hint
        if self.sample_rate < 1:
            raise ConfigurationError(f"sample_rate must be at least 1, not {self.sample_rate}")
        if quality not in _ZEROS:
            raise ConfigurationError(f"quality {quality!r} is none of {', '.join(_ZEROS)}")
        self.quality = quality
        self.continuous = continuous
        self._resampler: Resampler | None = None
        self._first: Audio | None = None

    def process(self, data: Any) -> Any:
        """Take one piece of audio."""
        if not isinstance(data, (tuple, list, dict)):
            return super().process(data)
        from .numpy_audio import Signal

        signal = Signal.of(data, self)
        channels = signal.resampled(self.sample_rate, _ZEROS[self.quality])
        return signal.given(channels, self.sample_rate)

    def process_audio(self, audio: Audio) -> Iterator[Audio]:
        """Give what can be computed."""
        first = self._first
        if first is not None and (audio.sample_rate, audio.channels, audio.stream_id) != (
            first.sample_rate,
            first.channels,
            first.stream_id,
        ):
            yield from self.flush()
        if audio.sample_rate == self.sample_rate:
            yield audio
            return
        if self._resampler is None:
            self._first = audio
            self._resampler = Resampler(
                audio.sample_rate, self.sample_rate, audio.channels, _ZEROS[self.quality]
            )
        samples = samples_of(audio)
        channels = [samples[channel :: audio.channels] for channel in range(audio.channels)]
        begin = self._resampler.given
        results = self._resampler.push(channels)
        if not self.continuous:
            results = [
                head + tail for head, tail in zip(results, self._resampler.finish(), strict=True)
            ]
        yield from self._audio(results, begin)
        if not self.continuous:
            self._resampler = self._first = None

    def _audio(self, channels: list[array[float]], begin: int) -> Iterator[Audio]:
        first = self._first
        if first is None or not channels[0]:
            return
        timestamp = first.timestamp_us
        if timestamp is not None:
            timestamp += begin * 1_000_000 // self.sample_rate
        yield first.replace(
            samples=interleave(channels), sample_rate=self.sample_rate, timestamp_us=timestamp
        )

    def flush(self) -> Iterator[Audio]:
        """Give the last samples."""
        if self._resampler is not None:
            begin = self._resampler.given
            yield from self._audio(self._resampler.finish(), begin)
        self._resampler = self._first = None

    def _extract_params(self) -> dict[str, object]:
        return {
            "sample_rate": self.sample_rate,
            "quality": self.quality,
            "continuous": self.continuous,
        }
