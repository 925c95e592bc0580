"""A voice that sounds like a robot's."""

from __future__ import annotations

from typing import Any

import numpy as np

from remotemedia import Audio, Node


class Robot(Node):
    """Multiplies sound by a sine, which is called ring modulation.

    Takes audio of any rate and number of channels, in pieces of any length, and gives as much of
    the same kind. `frequency` is the sine's, in Hz; `depth` is from 0, the sound as it is, to 1.
    """

    def __init__(self, frequency: float = 70.0, depth: float = 0.9, **options: Any) -> None:
        super().__init__(**options)
        self.frequency = frequency
        self.depth = depth
        self.frames = 0

    def process(self, audio: Audio) -> Audio:
        frames = np.arange(self.frames, self.frames + audio.frames)
        self.frames += audio.frames
        sine = np.sin(2 * np.pi * self.frequency / audio.sample_rate * frames)
        gain = (1 - self.depth + self.depth * sine).astype(np.float32)
        samples = np.asarray(audio)
        if samples.ndim > 1:
            gain = gain[:, np.newaxis]
        return Audio(samples * gain, audio.sample_rate)
