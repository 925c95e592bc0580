"""A node of your own: a class with a `process` method."""

from typing import Any


class Shout:
    """Says what it is told, louder."""

    def __init__(self, ending: str = "!") -> None:
        self.ending = ending

    def process(self, item: Any) -> str:
        """Called once for each item; what it returns goes on."""
        return str(item).upper() + self.ending
