"""Audio as whole utterances, by what a node that detects speech says of it."""

from __future__ import annotations

from array import array
from collections import deque

from ..core.exceptions import ConfigurationError, NodeError
from ..core.node import Node
from ..media import Audio, Control
from ._audio import samples_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, Unpack

    from ..core.node import NodeOptions

_MOST_BEFORE = 20
_MS_BEFORE = 500
_LEAST_PEAK = 0.02


class AudioBufferAccumulatorNode(Node):
    """Collect audio from the start of speech to its end, and give it as one piece.

    Items are Audio, and what a node that detects speech says: an object with `is_speech_start` or
    `is_speech_end`. The last half second before the start belongs to the utterance. It is given at
    the end of speech, after `max_utterance_duration_ms`, and at the end of the stream; one that is
    shorter than `min_utterance_duration_ms`, or has no sample beyond 0.02, is dropped.
    """

    def __init__(
        self,
        min_utterance_duration_ms: int = 250,
        max_utterance_duration_ms: int = 30000,
        **options: Unpack[NodeOptions],
    ) -> None:
        super().__init__(**options)
        if not 0 <= min_utterance_duration_ms <= max_utterance_duration_ms:
            raise ConfigurationError(
                "min_utterance_duration_ms must be from 0 to max_utterance_duration_ms"
            )
        self.min_utterance_duration_ms = min_utterance_duration_ms
        self.max_utterance_duration_ms = max_utterance_duration_ms
        self._before: deque[Audio] = deque()
        self._pieces: list[Audio] = []
        self._speaking = False

    def process(self, data: Any) -> Any:
        """Take audio, or what is said of it."""
        if isinstance(data, Audio):
            return self._audio(data)
        if isinstance(data, dict):
            return self._event(data)
        if isinstance(data, Control):
            return data
        kind = type(data).__name__
        raise NodeError(f"AudioBufferAccumulatorNode takes Audio and objects, not {kind}")

    def _audio(self, audio: Audio) -> Iterator[Audio]:
        if self._pieces and not _continues(self._pieces[0], audio):
            yield from self._utterance()
        if not self._speaking:
            self._keep(audio)
            return
        self._pieces.append(audio)
        if _milliseconds(self._pieces) >= self.max_utterance_duration_ms:
            yield from self._utterance()

    def _keep(self, audio: Audio) -> None:
        """Keep what may be the beginning of speech."""
        if self._before and not _continues(self._before[0], audio):
            self._before.clear()
        self._before.append(audio)
        while len(self._before) > _MOST_BEFORE or _after_first(self._before) > _MS_BEFORE:
            self._before.popleft()

    def _event(self, event: dict[Any, Any]) -> Iterator[Audio]:
        if event.get("is_speech_start") is True:
            self._speaking = True
            self._pieces = list(self._before)
            self._before.clear()
        elif event.get("is_speech_end") is True:
            self._before.clear()
            self._speaking = False
            yield from self._utterance()

    def _utterance(self) -> Iterator[Audio]:
        pieces, self._pieces = self._pieces, []
        if not pieces or _milliseconds(pieces) < self.min_utterance_duration_ms:
            return
        samples = array("f")
        for piece in pieces:
            samples.extend(samples_of(piece))
        if max(max(samples, default=0.0), -min(samples, default=0.0)) >= _LEAST_PEAK:
            yield pieces[0].replace(samples=samples)

    def flush(self) -> Iterator[Audio]:
        """Give the utterance that has not ended."""
        self._speaking = False
        yield from self._utterance()


def _continues(first: Audio, audio: Audio) -> bool:
    return (first.sample_rate, first.channels, first.stream_id) == (
        audio.sample_rate,
        audio.channels,
        audio.stream_id,
    )


def _milliseconds(pieces: list[Audio]) -> float:
    return sum(piece.frames for piece in pieces) * 1000 / pieces[0].sample_rate


def _after_first(pieces: deque[Audio]) -> float:
    """How long it is since the first piece ended."""
    return (sum(piece.frames for piece in pieces) - pieces[0].frames) * 1000 / pieces[0].sample_rate
