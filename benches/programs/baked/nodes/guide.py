"""A node of a user's own that needs two packages."""

from __future__ import annotations

from typing import Any

from phrases import Phrase, slug
from places import Place, nearest
from remotemedia import Node


class Guide(Node):
    """Says which place is nearest."""

    def __init__(self, unit: str = "km", **options: Any) -> None:
        super().__init__(**options)
        self.phrase = Phrase("{name} is {distance:.0f} {unit} away", {"unit": unit})

    def process(self, data: Any) -> Any:
        """Find the place nearest to a point."""
        place, distance = nearest(Place("here", data["lat"], data["lon"]))
        text = self.phrase.fill(name=place.name, distance=distance)
        return {"slug": slug(place.name), "text": text}
