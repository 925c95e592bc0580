"""The JSON form of items: what no plain JSON can say is an object with one key that begins with $.

    {"$float": "nan" | "inf" | "-inf"}   {"$bytes": "<base64>"}   {"$tuple": [...]}
    {"$dict": [[key, value], ...]}       a dict whose keys are not all strings
    {"$object": {"$...": ...}}           a dict that would otherwise read as one of these
    {"$audio": {...}}                    media, with their payload in base64

Integers have up to MAX_DIGITS digits; nothing is ever unpickled.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from json.decoder import JSONDecodeError, JSONDecoder
from json.encoder import JSONEncoder, encode_basestring

from ..media import CLASSES, Media
from .values import (
    MAX_DEPTH,
    MAX_DIGITS,
    TOO_LONG,
    ValueFormError,
    checked_int,
    field_path,
    plain,
    shown,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_MEDIA = {cls.__name__.lower(): cls for cls in CLASSES}
# What the classes work out where a program leaves it out, and JSON has to say.
_NEEDED = {"sample_rate", "channels", "shape"}
# Whole numbers of 32 bits; all others have 64.
_NARROW = {"sample_rate", "channels", "width", "height", "shape"}
_FLOATS = {"nan": float("nan"), "inf": float("inf"), "-inf": float("-inf")}


# To JSON


def to_json(value: object, path: str = "") -> Any:
    """An item in its JSON form, made of dicts, lists, strings, numbers, True, False and None.

    `path` is where it comes from, for the message of a ValueFormError.
    """
    value = plain(value, path)
    return _media_to_json(value) if isinstance(value, Media) else _encode(value)


def to_form(value: object, depth: int = 0) -> Any:
    """What may hold JSON forms, as a manifest does, with all else in it in its JSON form.

    Raises ValueFormError for what has none.
    """
    kind = type(value)
    if value is None or kind is bool or (kind is str and value.isascii()):  # type: ignore[attr-defined]
        return value
    if depth > 3 * MAX_DEPTH:
        raise ValueFormError("", f"nested more than {MAX_DEPTH} deep")
    place: Any = 0
    try:
        if isinstance(value, dict):
            form = {}
            for place, item in value.items():
                if not isinstance(place, str):
                    break
                form[place] = to_form(item, depth + 1)
            else:
                return form
        elif isinstance(value, (list, tuple)):
            items = []
            for item in value:
                items.append(to_form(item, depth + 1))
                place += 1
            return items if isinstance(value, list) else {"$tuple": items}
    except ValueFormError as error:
        path = field_path("", place) if isinstance(place, str) else f"[{place}]"
        raise error.within(path) from None
    return to_json(value)


def _encode(value: Any) -> Any:
    kind = type(value)
    if kind is list:
        return [_encode(item) for item in value]
    if kind is dict:
        return _encode_dict(value)
    if kind is float:
        return value if value - value == 0 else {"$float": _float_name(value)}
    if kind is bytes:
        return {"$bytes": b64encode(value).decode()}
    if kind is tuple:
        return {"$tuple": [_encode(item) for item in value]}
    return value


def _encode_dict(value: dict[Any, Any]) -> Any:
    if all(type(key) is str for key in value):
        fields = {key: _encode(item) for key, item in value.items()}
        if len(fields) == 1 and next(iter(fields)).startswith("$"):
            return {"$object": fields}
        return fields
    return {"$dict": [[_encode(key), _encode(item)] for key, item in value.items()]}


def _float_name(value: float) -> str:
    return "nan" if value != value else "inf" if value > 0 else "-inf"


def _media_to_json(value: Media) -> dict[str, Any]:
    name = next(key for key, cls in _MEDIA.items() if isinstance(value, cls))
    fields: dict[str, Any] = {}
    for field, content in value.fields().items():
        if field == value._payload:
            fields[field] = b64encode(value._bytes(field)).decode()
        elif field == "shape":
            fields[field] = list(content)
        else:
            fields[field] = _encode(content)
    return {f"${name}": fields}


# From JSON


def from_json(form: Any, path: str = "") -> Any:
    """The item that a JSON form stands for."""
    try:
        if type(form) is dict and len(form) == 1:
            (key,) = form
            if key[1:] in _MEDIA and key[0] == "$":
                return _media_from_json(key[1:], form[key])
        return _value(form, 0)
    except ValueFormError as error:
        raise error.within(path) from None


def _value(form: Any, depth: int) -> Any:
    # Where something is wrong, the path grows on the way out: the paths of all parts together may
    # be far longer than the text.
    kind = type(form)
    if kind is str:
        return _text(form)
    if kind is list:
        return _items(form, depth)
    if kind is not dict:
        return form
    if len(form) == 1:
        (key,) = form
        if key.startswith("$"):
            return _special(key, form[key], depth)
    return _fields(form, depth)


def _text(text: str) -> str:
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise ValueFormError("", "half of a surrogate pair is no text") from None
    return text


def _enter(depth: int) -> int:
    if depth >= MAX_DEPTH:
        raise ValueFormError("", f"nested more than {MAX_DEPTH} deep")
    return depth + 1


def _items(form: list[Any], depth: int) -> list[Any]:
    depth = _enter(depth)
    result: list[Any] = []
    try:
        for item in form:
            result.append(_value(item, depth))
    except ValueFormError as error:
        raise error.within(f"[{len(result)}]") from None
    return result


def _fields(form: dict[str, Any], depth: int) -> dict[str, Any]:
    depth = _enter(depth)
    result: dict[str, Any] = {}
    key = ""
    try:
        for key, value in form.items():
            result[_text(key)] = _value(value, depth)
    except ValueFormError as error:
        raise error.within(field_path("", key)) from None
    return result


def _special(key: str, content: Any, depth: int) -> Any:
    if key == "$float":
        if not isinstance(content, str) or content not in _FLOATS:
            raise ValueFormError("", '$float must be "nan", "inf" or "-inf"')
        return _FLOATS[content]
    if key == "$bytes":
        return _bytes(content)
    if key == "$tuple":
        if type(content) is not list:
            raise ValueFormError("", "$tuple must hold a list")
        return tuple(_items(content, depth))
    if key == "$dict":
        return _dict(content, depth)
    if key == "$object":
        if type(content) is not dict:
            raise ValueFormError("", "$object must hold an object")
        return _fields(content, depth)
    if key[1:] in _MEDIA:
        raise ValueFormError("", f"{key} stands for a whole item, not for a part of one")
    key = shown(key)
    raise ValueFormError(
        "",
        f"unknown form {key!r} (an object with this one key is written "
        f'{{"$object": {{"{key}": ...}}}})',
    )


def _bytes(content: Any) -> bytes:
    try:
        return b64decode(content, validate=True)
    except (TypeError, ValueError):
        raise ValueFormError("", "not valid base64") from None


def _dict(content: Any, depth: int) -> dict[Any, Any]:
    depth = _enter(depth)
    result: dict[Any, Any] = {}
    if type(content) is not list:
        raise ValueFormError("", "$dict must hold a list of [key, value] pairs")
    for at, pair in enumerate(content):
        try:
            if type(pair) is not list or len(pair) != 2:
                raise ValueFormError("", "$dict must hold a list of [key, value] pairs")
            key = _value(pair[0], depth)
            try:
                hash(key)
            except TypeError:
                kinds = {"list": "a list", "tuple": "a tuple"}
                what = kinds.get(type(key).__name__, "an object")
                message = f"{what} can't be the key of a mapping"
                raise ValueFormError("[0]", message) from None
            if type(key) is str and key in result:
                raise ValueFormError("", f"the key {shown(key)!r} is given twice")
            result[key] = _value(pair[1], depth)
        except ValueFormError as error:
            raise error.within(f"[{at}]") from None
    return result


def _media_from_json(name: str, content: Any) -> Media:
    cls = _MEDIA[name]
    if type(content) is not dict:
        raise ValueFormError("", f"${name} must hold an object")
    fields: dict[str, Any] = {}
    for field, form in content.items():
        if field not in cls._fields:
            known = ", ".join(cls._fields)
            raise ValueFormError("", f"${name} has no field {shown(field)!r} (it has {known})")
        try:
            # A payload can be written to, as in the component.
            payload = field == cls._payload
            fields[field] = bytearray(_bytes(form)) if payload else _value(form, 0)
        except ValueFormError as error:
            raise error.within(field_path("", field)) from None
    for field in cls._fields:
        if field in _NEEDED and field not in fields:
            raise ValueFormError("", f"${name} needs the field {field!r}")
    for field in _NARROW & fields.keys():
        axes = fields[field] if field == "shape" else [fields[field]]
        if type(axes) is list and any(type(axis) is int and axis > 0xFFFFFFFF for axis in axes):
            raise ValueFormError(field, "is out of range")
    if not isinstance(fields.get("metadata"), (dict, type(None))):
        raise ValueFormError("metadata", "must be an object")
    if not isinstance(fields.get("is_keyframe"), (bool, type(None))):
        raise ValueFormError("is_keyframe", "must be true or false")
    try:
        return cls(**fields)
    except (TypeError, ValueError) as error:
        raise ValueFormError("", f"${name}: {error}") from error


# Text


def parse_int(text: str) -> int:
    """The integer of these digits, of which there are at most MAX_DIGITS."""
    if len(text) - text.startswith("-") > MAX_DIGITS:
        raise ValueFormError("", TOO_LONG)
    return int(text)


def format_int(value: int) -> str:
    """The digits of an integer, of which there are at most MAX_DIGITS."""
    return int.__repr__(checked_int(value))


def loads(text: str | bytes) -> Any:
    """Read an item from its JSON text. Bare NaN, Infinity and -Infinity are read too."""
    return from_json(parse_json(text))


def parse_json(text: str | bytes) -> Any:
    """Read any JSON text that is not nested beyond reason; a mark at its start is passed over."""
    if isinstance(text, (bytes, bytearray)):
        text = text.decode()
    text = text.removeprefix("\ufeff")
    _check_nesting(text)
    return JSONDecoder(parse_int=parse_int, object_pairs_hook=_object).decode(text)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                message = f"the key {shown(key)!r} is given twice in one object"
                raise ValueFormError("", message)
            seen.add(key)
    return result


def _check_nesting(text: str) -> None:
    """Refuse what could exhaust the stack of the decoder, which in the sandbox cannot be caught."""
    # A dict with other keys than strings takes three levels.
    limit = 3 * MAX_DEPTH
    if text.count("[") + text.count("{") <= limit:
        return
    import re

    depth = 0
    # A string that has no end goes up to that of the text.
    strings = r'"(?:[^"\\]|\\.)*(?:"|\\?\Z)'
    for match in re.finditer(strings + r"|[\[{]|[\]}]", text, re.DOTALL):
        char = match.group()[0]
        if char in "[{":
            depth += 1
            if depth > limit:
                raise ValueFormError("", f"nested more than {MAX_DEPTH} deep")
        elif char in "]}":
            depth -= 1


def dumps(value: object, indent: int | None = None) -> str:
    """Write an item as JSON text."""
    return format_json(to_json(value), indent)


write_json = JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":")).encode
"""Write a JSON form that `to_form` or `to_json` gave as compact text: the quick way."""


def format_json(form: Any, indent: int | None = None) -> str:
    """Write a JSON form as text: compact, or with `indent` spaces a level.

    Integers may have at most MAX_DIGITS digits.
    """
    parts: list[str] = []
    _write(form, parts, indent, "\n")
    return "".join(parts)


def _write(form: Any, parts: list[str], indent: int | None, line: str) -> None:
    if isinstance(form, str):
        parts.append(encode_basestring(form))
    elif form is None or form is True or form is False:
        parts.append({None: "null", True: "true", False: "false"}[form])
    elif isinstance(form, int):
        parts.append(format_int(form))
    elif isinstance(form, float):
        parts.append(float.__repr__(form))
    elif isinstance(form, list):
        _write_all([("", item) for item in form], "[]", parts, indent, line)
    else:
        colon = ":" if indent is None else ": "
        pairs = [(encode_basestring(key) + colon, item) for key, item in form.items()]
        _write_all(pairs, "{}", parts, indent, line)


def _write_all(
    pairs: list[tuple[str, Any]], ends: str, parts: list[str], indent: int | None, line: str
) -> None:
    parts.append(ends[0])
    inner = "" if indent is None else line + " " * indent
    for at, (key, item) in enumerate(pairs):
        parts.append(f"{',' if at else ''}{inner}{key}")
        _write(item, parts, indent, inner)
    if pairs and indent is not None:
        parts.append(line)
    parts.append(ends[1])


__all__ = [
    "JSONDecodeError",
    "ValueFormError",
    "dumps",
    "format_int",
    "format_json",
    "from_json",
    "loads",
    "parse_int",
    "parse_json",
    "to_form",
    "to_json",
    "write_json",
]
