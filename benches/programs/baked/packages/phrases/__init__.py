"""Texts with gaps, and texts for addresses."""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Mapping
from typing import Any

_NO_WORD = re.compile(r"[^a-z0-9]+")


class Phrase:
    """A text with gaps, some of which are filled already."""

    def __init__(self, text: str, known: Mapping[str, Any]) -> None:
        self.text = text
        self.known = dict(known)
        self.gaps = {name for _, name, _, _ in string.Formatter().parse(text) if name}

    def fill(self, **values: Any) -> str:
        """The text without gaps."""
        values = {**self.known, **values}
        if missing := sorted(self.gaps - values.keys()):
            raise KeyError(f"no value for {', '.join(missing)}")
        return self.text.format(**values)


def slug(text: str) -> str:
    """A text as a part of an address."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return _NO_WORD.sub("-", plain.lower()).strip("-")
