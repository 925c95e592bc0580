"""Nodes that the benchmarks run, as a user would write them."""

from __future__ import annotations

from typing import Any

from remotemedia import Node


class Greeter(Node):
    """A user's own node: greets, and counts whom."""

    def __init__(self, greeting: str = "Hello", **options: Any) -> None:
        super().__init__(**options)
        self.greeting = greeting
        self.count = 0

    def process(self, data: Any) -> Any:
        """Greet one guest."""
        self.count += 1
        return {"text": f"{self.greeting}, {data['name'].title()}!", "number": self.count}


class PyMultiply(Node):
    """Multiply in Python."""

    def __init__(self, factor: int = 2, **options: Any) -> None:
        super().__init__(**options)
        self.factor = factor

    def process(self, data: Any) -> Any:
        """Multiply one number."""
        return data * self.factor


class NoOp(Node):
    """Give back what comes."""

    def process(self, data: Any) -> Any:
        """Give back the item."""
        return data


class Spectrum:
    """Finds a tone with numpy, and how loud it is."""

    def process(self, frequency):
        import numpy as np  # the machine's own Python may lack it, and needs it not

        time = np.arange(1024) / 8000
        samples = np.sin(2 * np.pi * frequency * time) * np.hanning(1024)
        power = np.abs(np.fft.rfft(samples)) ** 2
        return {"peak": int(power.argmax()) * 8000 / 1024, "mean": float(power.mean().round(6))}
