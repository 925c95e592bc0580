"""Serializers: JSON, and pickle for those who ask for it."""

from __future__ import annotations

from abc import ABC, abstractmethod

from ..core.exceptions import ConfigurationError, SerializationError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Serializer(ABC):
    """Turns a value into bytes and back."""

    @abstractmethod
    def serialize(self, data: Any) -> bytes:
        """The value as bytes."""

    @abstractmethod
    def deserialize(self, data: bytes) -> Any:
        """The value that the bytes stand for."""


class JSONSerializer(Serializer):
    """JSON, extended so that bytes, tuples, NaN and media survive (see `runtime.jsonform`)."""

    def serialize(self, data: Any) -> bytes:
        """The value as JSON in UTF-8."""
        from ..runtime.jsonform import dumps

        try:
            return dumps(data).encode()
        except (TypeError, ValueError) as error:
            raise SerializationError(f"no JSON form: {error}") from error

    def deserialize(self, data: bytes) -> Any:
        """The value that the JSON stands for."""
        from ..runtime.jsonform import loads

        try:
            return loads(data)
        except (TypeError, ValueError) as error:
            raise SerializationError(f"cannot read JSON: {error}") from error


class PickleSerializer(Serializer):
    """Pickle. Reading it runs whatever code the bytes name, so it has to be asked for by name.

    Use it with `allow_code_execution=True`, and only for bytes that you wrote yourself.
    """

    def __init__(self, *, allow_code_execution: bool = False) -> None:
        if not allow_code_execution:
            raise ConfigurationError(
                "reading pickle runs the code that the bytes name: pass allow_code_execution=True "
                "if you trust where they come from, or use JSONSerializer"
            )

    def serialize(self, data: Any) -> bytes:
        """The value as a pickle."""
        import pickle

        try:
            return pickle.dumps(data)
        except (pickle.PicklingError, TypeError, AttributeError) as error:
            raise SerializationError(f"cannot be pickled: {error}") from error

    def deserialize(self, data: bytes) -> Any:
        """The value that the pickle stands for. Runs code."""
        import pickle

        try:
            return pickle.loads(data)
        except Exception as error:
            raise SerializationError(f"cannot be unpickled: {error}") from error
