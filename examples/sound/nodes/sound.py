"""What musicians and speech people look at first, in numpy: spectrogram, mel bands, onsets.

All three work on a stream: sound may come in pieces of any length, and what they give is the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from remotemedia import Node

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import ArrayLike, NDArray

    from remotemedia import Audio

    Floats = NDArray[np.float32]


class Spectrogram(Node):
    """The short-time Fourier transform of sound.

    Takes audio of one channel (of more, their mean) and gives a float32 array of magnitudes, of
    (windows, window // 2 + 1): a row for each window that is complete. The samples are weighted by
    a periodic Hann window, and scaled so that a sine of amplitude 1 has a peak of 1.
    """

    def __init__(self, window: int = 1024, hop: int = 256, **options: Any) -> None:
        super().__init__(**options)
        self.window = window
        self.hop = hop
        hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(window) / window)
        self.weights: Floats = (2 * hann / hann.sum()).astype(np.float32)
        self.rest: Floats = np.zeros(0, np.float32)

    def process(self, audio: Audio) -> Floats | None:
        samples = np.asarray(audio)
        if samples.ndim > 1:
            samples = samples.mean(axis=1, dtype=np.float32)
        samples = np.concatenate([self.rest, samples])
        if len(samples) < self.window:
            self.rest = samples
            return None
        windows = sliding_window_view(samples, self.window)[:: self.hop]
        self.rest = samples[len(windows) * self.hop :]
        spectra: Floats = np.abs(np.fft.rfft(windows * self.weights)).astype(np.float32, copy=False)
        return spectra


class MelBands(Node):
    """The bands in which people hear, of spectra.

    Takes spectra of (windows, bins) and gives the power in each band, in dB, as float32 of
    (windows, bands). The bands are triangles that overlap by half, equally wide on the mel scale,
    2595 log10(1 + f / 700 Hz) (O'Shaughnessy, Speech Communication, 1987).
    """

    def __init__(
        self,
        rate: int = 16000,
        bands: int = 40,
        lowest: float = 0.0,
        highest: float | None = None,
        floor_db: float = -100.0,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.rate = rate
        top = rate / 2 if highest is None else highest
        mels = np.linspace(self.mel(lowest), self.mel(top), bands + 2)
        self.edges = 700 * (10 ** (mels / 2595) - 1)
        self.floor = np.float32(10 ** (floor_db / 10))
        self.weights: Floats = np.zeros((0, bands), np.float32)

    @staticmethod
    def mel(hertz: float) -> float:
        return float(2595 * np.log10(1 + hertz / 700))

    def bank(self, bins: int) -> Floats:
        """The weight of each bin in each band, of (bins, bands)."""
        hertz = np.linspace(0, self.rate / 2, bins)[:, np.newaxis]
        low, middle, high = self.edges[:-2], self.edges[1:-1], self.edges[2:]
        rising = (hertz - low) / (middle - low)
        falling = (high - hertz) / (high - middle)
        return np.clip(np.minimum(rising, falling), 0, None).astype(np.float32)

    def process(self, spectra: ArrayLike) -> Floats:
        spectra = np.asarray(spectra)
        bins = spectra.shape[-1]
        if len(self.weights) != bins:
            self.weights = self.bank(bins)
        power = np.maximum(np.square(spectra) @ self.weights, self.floor)
        return 10 * np.log10(power)


class Onsets(Node):
    """Where something begins to sound, of mel bands in dB.

    Each onset is `{"time": seconds, "strength": dB}`, at the middle of its window. The strength of
    a window is by how much its bands rise over the window before, in the mean (spectral flux:
    Dixon, Onset Detection Revisited, DAFx 2006). An onset is a window that is the strongest of
    those within `apart` seconds, and stronger than their mean by `above` dB.
    """

    def __init__(
        self,
        rate: int = 16000,
        window: int = 1024,
        hop: int = 256,
        above: float = 3.0,
        apart: float = 0.05,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.seconds = hop / rate
        self.middle = window / rate / 2
        self.above = above
        self.around = max(1, round(apart / self.seconds))
        self.last: Floats | None = None
        # The strengths that are not yet judged, with `around` that are before them.
        self.strengths: Floats = np.zeros(self.around, np.float32)
        self.judged = 0

    def process(self, bands: ArrayLike) -> Iterator[dict[str, float]]:
        bands = np.asarray(bands)
        before = bands[:1] if self.last is None else self.last
        self.last = bands[-1:].copy()
        rises = np.diff(bands, axis=0, prepend=before)
        yield from self.judge(np.maximum(rises, 0).mean(axis=1))

    def flush(self) -> Iterator[dict[str, float]]:
        yield from self.judge(np.zeros(self.around, np.float32))

    def judge(self, strengths: Floats) -> Iterator[dict[str, float]]:
        self.strengths = np.concatenate([self.strengths, strengths])
        span = 2 * self.around + 1
        if len(self.strengths) < span:
            return
        near = sliding_window_view(self.strengths, span)
        middle = near[:, self.around]
        found = (middle == near.max(axis=1)) & (middle > near.mean(axis=1) + self.above)
        for at in np.flatnonzero(found):
            time = (self.judged + at) * self.seconds + self.middle
            yield {"time": round(time, 4), "strength": round(float(middle[at]), 2)}
        self.judged += len(near)
        self.strengths = self.strengths[len(near) :]
