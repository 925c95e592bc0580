"""Turns values into bytes and back."""

from __future__ import annotations

from .base import JSONSerializer, PickleSerializer, Serializer

__all__ = ["JSONSerializer", "PickleSerializer", "Serializer"]
