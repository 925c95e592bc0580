"""Plain data: what items are made of outside Python.

None, bool, int, float, str, bytes, list, tuple, dict; and media as whole items. Subclasses count as
what they extend, bytearray and memoryview as bytes, numbers of numpy as Python's own, and an array
as a tensor.
"""

from __future__ import annotations

from ..media import Media, Tensor, element_type

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MAX_DEPTH = 128
"""Most lists, tuples and dicts in each other."""
MAX_DIGITS = 4300
"""Most digits of an integer, as many as `int` takes: converting them takes quadratic time."""
TOO_LONG = (
    f"the integer has more than {MAX_DIGITS} digits; give it in another form, "
    "for example as a string in hexadecimal"
)
_TOO_LARGE = 10**MAX_DIGITS


class ValueFormError(TypeError):
    """A value that has no plain form, or JSON that is no item; `path` says where."""

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"{path}: {problem}" if path else problem)
        self.path = path
        self.problem = problem

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.path, self.problem)

    def within(self, path: str) -> ValueFormError:
        """The same, of a part of what is at `path`."""
        dot = "." if path and self.path and not self.path.startswith("[") else ""
        return ValueFormError(f"{path}{dot}{self.path}", self.problem)


def plain(value: object, path: str = "") -> Any:
    """The value as plain data of exactly the plain types, or as media.

    Raises ValueFormError for what has no plain form; `path` is where the value comes from.
    """
    if isinstance(value, Media):
        changes: dict[str, Any] = {}
        metadata = getattr(value, "metadata", None)
        if metadata is not None:
            at = field_path(path, "metadata")
            if not isinstance(metadata, dict):
                raise ValueFormError(at, f"must be a dict, not {type(metadata).__name__}")
            changes["metadata"] = _plain(metadata, at, set(), 0)
        try:
            # Made anew, so that fields that were set to something else are checked.
            return value.replace(**changes)
        except (TypeError, ValueError) as error:
            raise ValueFormError(path, str(error)) from None
    try:
        tensor = tensor_of(value)
    except (TypeError, ValueError) as error:
        raise ValueFormError(path, str(error)) from None
    return _plain(value, path, set(), 0) if tensor is None else tensor


def tensor_of(value: object) -> Tensor | None:
    """The tensor that an array of numpy's or of the module `array` is; None for anything else.

    Raises TypeError for an array whose elements no tensor has. numpy need not be there.
    """
    kind = type(value)
    module = kind.__module__
    if module == "array":
        return Tensor(value)
    if not hasattr(kind, "__array_interface__") or _is_scalar(kind):
        return None
    name = f"{module}.{kind.__qualname__}"
    if hasattr(value, "mask"):
        raise TypeError(f"{name} has no plain form (fill in what is masked, with its filled())")
    try:
        known = element_type(memoryview(value))  # type: ignore[arg-type]
    except (TypeError, ValueError):
        known = None
    if known is None:
        of = f"{name} of {value.dtype}"  # type: ignore[attr-defined]
        raise TypeError(
            f"{of} has no plain form (a Tensor takes whole numbers, floats and bool, and Audio "
            "takes float32: convert it with its astype(), or with its tolist())"
        )
    return Tensor(value)


def scalar_of(value: Any) -> Any:
    """Python's own value for a number, text or time of numpy's; None for anything else."""
    if not _is_scalar(type(value)):
        return None
    own = value.item()
    # A long double is itself, since Python has none.
    return own if not _is_scalar(type(own)) else float(own)


def _is_scalar(kind: type) -> bool:
    return any(it.__name__ == "generic" and it.__module__ == "numpy" for it in kind.__mro__)


def _plain(value: Any, path: str, open_ids: set[int], depth: int) -> Any:
    kind = type(value)
    if value is None or kind is bool or kind is float or kind is bytes:
        return value
    if kind is int:
        return checked_int(value, path)
    if kind is str:
        return _text(value, path)
    if isinstance(value, (list, tuple, dict)):
        if depth >= MAX_DEPTH:
            raise ValueFormError(path, f"nested deeper than {MAX_DEPTH} levels")
        if id(value) in open_ids:
            raise ValueFormError(path, f"the {kind.__name__} contains itself")
        open_ids.add(id(value))
        try:
            return _container(value, path, open_ids, depth + 1)
        finally:
            open_ids.discard(id(value))
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value)
    if isinstance(value, int):
        return checked_int(int(value), path)
    if isinstance(value, float):
        return float(value)
    if isinstance(value, str):
        return _text(str.__str__(value), path)
    own = scalar_of(value)
    if own is not None:
        return _plain(own, path, open_ids, depth)
    raise ValueFormError(path, _no_form(value))


def _container(value: Any, path: str, open_ids: set[int], depth: int) -> Any:
    if isinstance(value, dict):
        result = {}
        for key, item in value.items():
            if isinstance(key, str):
                key = _text(str.__str__(key), path)
                at = field_path(path, key)
            else:
                at = f"{path}[{shown_value(key)}]"
                key = _plain(key, f"{at} (key)", open_ids, depth)
            result[key] = _plain(item, at, open_ids, depth)
        return result
    items = [_plain(item, f"{path}[{i}]", open_ids, depth) for i, item in enumerate(value)]
    return items if isinstance(value, list) else tuple(items)


def shown(text: str) -> str:
    """A name for a message, cut where it is long."""
    return text if len(text) <= 60 else text[:60] + "..."


def shown_value(value: object) -> str:
    """A value for a message, cut where it is long."""
    try:
        return shown(repr(value))
    except Exception:
        return f"<{type(value).__name__}>"


def field_path(path: str, key: str) -> str:
    """The path of a field: `path.key`, quoted where that would not read well."""
    key = shown(key)
    if key and all(c.isalnum() or c in "_-" for c in key):
        return f"{path}.{key}" if path else key
    quoted = key.replace("\\", "\\\\").replace('"', '\\"')
    return f'{path}["{quoted}"]'


def checked_int(value: int, path: str = "") -> int:
    """The integer, if it has at most MAX_DIGITS digits."""
    if -_TOO_LARGE < value < _TOO_LARGE:
        return value
    raise ValueFormError(path, TOO_LONG)


def _text(text: str, path: str) -> str:
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        message = (
            "text with half a surrogate pair has no plain form; "
            'encode it to bytes, for example with "surrogateescape"'
        )
        raise ValueFormError(path, message) from None
    return text


def explain(value: object) -> tuple[str, str] | None:
    """Where in a value something has no plain form, and what to say of it; None where all has."""
    try:
        _plain(value, "", set(), 0)
    except ValueFormError as error:
        return error.path, error.problem
    return None


def _no_form(value: object) -> str:
    """What to say of an object that has no plain form, with advice."""
    kind = type(value)
    name = kind.__qualname__
    if kind.__module__ not in ("builtins", "__main__"):
        name = f"{kind.__module__}.{name}"
    return f"{name} has no plain form; {_advice(value, name)}"


_ARRAY = (
    "an array is an item of its own, as it is, or as remotemedia.Tensor(array) or "
    "remotemedia.Audio(array, sample_rate); inside another item convert it with its tolist()"
)
_BY_NAME = {
    "range": "convert it to a list, for example with list()",
    "dict_keys": "convert it to a list, for example with list()",
    "dict_values": "convert it to a list, for example with list()",
    "dict_items": "convert it to a list, for example with list()",
    "complex": "convert it to a tuple of its parts",
    "decimal.Decimal": "convert it to a string or a float",
    "fractions.Fraction": "convert it to a string or a float",
    "uuid.UUID": "convert it with str()",
    "datetime.timedelta": "convert it with its total_seconds()",
    "numpy.ndarray": _ARRAY,
    "array.array": _ARRAY,
}


def _advice(value: object, name: str) -> str:
    kind = type(value)
    if isinstance(value, Media):
        return "a medium is an item by itself, not a part of one"
    if name in _BY_NAME:
        return _BY_NAME[name]
    if isinstance(value, (set, frozenset)):
        return "convert it to a list, for example with sorted()"
    for attribute, advice in (
        ("tolist", "convert it with its tolist()"),
        ("isoformat", "convert it to a string, for example with its isoformat()"),
        ("__fspath__", "convert it with str()"),
        ("__await__", "await it"),
        ("__next__", "give its items one by one, or convert it to a list"),
        ("__anext__", "give its items one by one, or convert it to a list"),
        ("__dataclass_fields__", "convert it with dataclasses.asdict()"),
        ("model_dump", "convert it with its model_dump()"),
    ):
        if hasattr(kind, attribute):
            return advice
    if hasattr(value, "_value_"):
        return "give its value"
    if callable(value):
        return "a function or class can't be data"
    return "give plain data: None, bool, int, float, str, bytes, list, tuple, dict"
