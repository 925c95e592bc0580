"""What a place is, and the ones that are known."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """What is there."""

    TOWN = "town"
    POINT = "point"


@dataclass(frozen=True, order=True)
class Place:
    """A place and where it is, in degrees."""

    name: str
    lat: float
    lon: float
    kind: Kind = Kind.POINT


KNOWN = [
    Place(name, lat, lon, Kind.TOWN)
    for name, lat, lon in json.loads(
        '[["São Paulo", -23.55, -46.63], ["Zürich", 47.38, 8.54], ["Nairobi", -1.29, 36.82]]'
    )
]
