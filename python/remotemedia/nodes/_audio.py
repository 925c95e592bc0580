"""What the audio nodes share."""

from __future__ import annotations

from array import array

from ..core.exceptions import NodeError
from ..core.node import Node
from ..media import Audio, Control

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any


def samples_of(audio: Audio) -> array[float]:
    """The samples as an array, which is not to be changed: it may be the item's own."""
    if isinstance(audio.samples, array):
        return audio.samples
    samples = array("f")
    samples.frombytes(audio.view.cast("B"))
    return samples


def interleave(channels: list[array[float]]) -> array[float]:
    """Samples of single channels as frames."""
    if len(channels) == 1:
        return channels[0]
    samples = array("f", bytes(4 * len(channels) * len(channels[0])))
    for index, channel in enumerate(channels):
        samples[index :: len(channels)] = channel
    return samples


class AudioNode(Node):
    """A node whose items are audio; control messages pass, anything else is an error."""

    def process(self, data: Any) -> Any:
        """Take one piece of audio."""
        if isinstance(data, Audio):
            return self.process_audio(data)
        if isinstance(data, Control):
            return data
        raise NodeError(f"{type(self).__name__} takes Audio, not {type(data).__name__}")

    def process_audio(self, audio: Audio) -> Any:
        """Turn one piece of audio into the next."""
        raise NotImplementedError


class Joined:
    """Audio that is collected over several items, in one format at a time."""

    def __init__(self) -> None:
        self.samples = array("f")
        self.first: Audio | None = None
        self._taken = 0
        self._at = 0  # where in `samples` begins what has not been taken

    @property
    def frames(self) -> int:
        """How many frames are there."""
        if self.first is None:
            return 0
        return (len(self.samples) - self._at) // self.first.channels

    def fits(self, audio: Audio) -> bool:
        """Whether the audio continues what is there: same format, same stream."""
        first = self.first
        return first is None or (
            first.sample_rate == audio.sample_rate
            and first.channels == audio.channels
            and first.stream_id == audio.stream_id
        )

    def add(self, audio: Audio) -> None:
        """Append audio that fits."""
        if self.first is None:
            self.first = audio
            self._taken = 0
        if self._at > len(self.samples) // 2:
            del self.samples[: self._at]
            self._at = 0
        self.samples.extend(samples_of(audio))

    def take(self, frames: int | None = None) -> Audio | None:
        """Take the first frames (all), as audio that says when it begins."""
        first = self.first
        if first is None or self._at == len(self.samples):
            return None
        if frames is None:
            taken = self.samples[self._at :]
            self.samples, self._at, self.first = array("f"), 0, None
        else:
            taken = self.samples[self._at : self._at + frames * first.channels]
            self._at += len(taken)
        begin = None
        if first.timestamp_us is not None:
            begin = first.timestamp_us + self._taken * 1_000_000 // first.sample_rate
        self._taken += len(taken) // first.channels
        return Audio(
            taken, first.sample_rate, first.channels, first.stream_id, begin, first.metadata
        )

    def drain(self) -> Iterator[Audio]:
        """All that is left, if anything is."""
        rest = self.take()
        self.first = None
        self.samples, self._at = array("f"), 0
        if rest is not None:
            yield rest
