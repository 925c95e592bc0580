"""Places on a sphere."""

from .distance import nearest
from .model import Place

__all__ = ["Place", "nearest"]
