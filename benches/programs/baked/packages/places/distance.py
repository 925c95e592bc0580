"""How far it is."""

from __future__ import annotations

import math
from functools import lru_cache

from .model import KNOWN, Place

_RADIUS = 6371.0


@lru_cache(maxsize=128)
def distance(one: Place, other: Place) -> float:
    """Kilometres along a great circle."""
    lat, to = math.radians(one.lat), math.radians(other.lat)
    half = math.radians(other.lon - one.lon) / 2
    part = (
        math.sin((to - lat) / 2) ** 2
        + math.cos(lat) * math.cos(to) * math.sin(half) ** 2
    )
    return 2 * _RADIUS * math.asin(math.sqrt(part))


def nearest(here: Place) -> tuple[Place, float]:
    """The known place that is nearest, and how far it is."""
    return min(((it, distance(here, it)) for it in KNOWN), key=lambda found: found[1])
