"""A node that makes sentences out of tokens."""

from __future__ import annotations

import re

from ..core.node import Node
from ..media import Text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, Unpack

    from ..core.node import NodeOptions

_END = re.compile(r"<\|(?:text|audio)_end\|>")
_SPECIAL = re.compile(r"<\|[^|]*\|>")


class TextCollectorNode(Node):
    """Collect pieces of text and pass them on as sentences.

    A sentence ends where `split_pattern` matches; sentences shorter than `min_sentence_length` go
    with the next one. The tokens `<|text_end|>` and `<|audio_end|>` end the last sentence and are
    passed on; other `<|...|>` tokens are dropped. What is left at the end is passed on, unless
    `yield_partial_on_end` is false. Items are strings or Text; anything else passes unchanged.
    """

    def __init__(
        self,
        split_pattern: str = r"[.!?,;:\n]+",
        min_sentence_length: int = 3,
        yield_partial_on_end: bool = True,
        **options: Unpack[NodeOptions],
    ) -> None:
        super().__init__(**options)
        self.split_pattern = split_pattern
        self.min_sentence_length = min_sentence_length
        self.yield_partial_on_end = yield_partial_on_end
        self._boundary = re.compile(split_pattern)
        self._buffer = ""
        self._like: str | Text = ""

    def process(self, data: Any) -> Iterator[Any]:
        """Give the sentences that are complete."""
        if not isinstance(data, (str, Text)):
            yield data
            return
        self._like = data
        text = data if isinstance(data, str) else data.text
        at = 0
        for end in _END.finditer(text):
            yield from self._sentences(text[at : end.start()])
            yield from self.flush()
            yield self._wrap(end.group())
            at = end.end()
        yield from self._sentences(text[at:])

    def _sentences(self, text: str) -> Iterator[Any]:
        self._buffer += _SPECIAL.sub("", text)
        begin = 0
        for match in self._boundary.finditer(self._buffer):
            sentence = self._buffer[begin : match.end()].strip()
            if match.end() > match.start() and len(sentence) >= self.min_sentence_length:
                begin = match.end()
                yield self._wrap(sentence)
        self._buffer = self._buffer[begin:]

    def _wrap(self, text: str) -> str | Text:
        return text if isinstance(self._like, str) else self._like.replace(text=text)

    def flush(self) -> Iterator[Any]:
        """Give what is left."""
        rest, self._buffer = self._buffer.strip(), ""
        if rest and self.yield_partial_on_end:
            yield self._wrap(rest)
