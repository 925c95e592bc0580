"""Python values and media to the records of the WIT, as wasmtime-py has them, and back."""

from __future__ import annotations

from typing import Any

from wasmtime.component import Record, Variant

from .. import media
from ..runtime.values import ValueFormError, plain

_SMALL = range(-(1 << 63), 1 << 63)
_ENUMS = {"format", "pixel_format", "dtype", "kind"}


def record(**fields: Any) -> Record:
    """A record of these fields; their names get the WIT's hyphens."""
    made = Record()
    for name, value in fields.items():
        setattr(made, name.replace("_", "-"), value)
    return made


def field(source: Any, name: str) -> Any:
    """A field of a record, by its name with underscores."""
    return getattr(source, name.replace("_", "-"))


def lower_item(item: object, path: str) -> Variant:
    """An item as the WIT's `data`."""
    for cls in media.CLASSES:
        if isinstance(item, cls):
            return Variant(cls.__name__.lower(), _lower_media(item, path))
    return Variant("value", lower(plain(item, path)))


def lift_item(data: Variant) -> Any:
    """The item of a `data`."""
    if data.tag == "value":
        return lift(data.payload)
    return _lift_media(data.tag, data.payload)


def lower(value: object) -> Record:
    """A plain value as an arena."""
    nodes: list[Variant] = []
    root = _push(value, nodes)
    return record(nodes=nodes, root=root)


def _push(value: Any, nodes: list[Variant]) -> int:
    nodes.append(_node(value, nodes))
    return len(nodes) - 1


def _node(value: Any, nodes: list[Variant]) -> Variant:
    if value is None:
        return Variant("null")
    if isinstance(value, bool):
        return Variant("boolean", value)
    if isinstance(value, int):
        if value in _SMALL:
            return Variant("integer", value)
        from ..runtime.jsonform import format_int

        return Variant("big-integer", format_int(value))
    if isinstance(value, float):
        return Variant("number", value)
    if isinstance(value, str):
        return Variant("text", value)
    if isinstance(value, bytes):
        return Variant("bytes", value)
    if isinstance(value, list):
        kinds = {type(item) for item in value}
        if kinds == {int} and all(item in _SMALL for item in value):
            return Variant("integers", value)
        if kinds == {float}:
            return Variant("numbers", value)
        return Variant("items", [_push(item, nodes) for item in value])
    if isinstance(value, tuple):
        return Variant("tuple", [_push(item, nodes) for item in value])
    if all(isinstance(key, str) for key in value):
        return Variant("fields", [(key, _push(item, nodes)) for key, item in value.items()])
    pairs = [(_push(key, nodes), _push(item, nodes)) for key, item in value.items()]
    return Variant("entries", pairs)


def lift(value: Any) -> Any:
    """The plain value of an arena."""
    return _lift(value.nodes, value.root)


def _lift(nodes: list[Variant], index: int) -> Any:
    node = nodes[index]
    payload: Any = node.payload
    match node.tag:
        case "null":
            return None
        case "big-integer":
            from ..runtime.jsonform import parse_int

            return parse_int(payload)
        case "items":
            return [_lift(nodes, child) for child in payload]
        case "tuple":
            return tuple(_lift(nodes, child) for child in payload)
        case "fields":
            return {key: _lift(nodes, child) for key, child in payload}
        case "entries":
            return {_lift(nodes, key): _lift(nodes, child) for key, child in payload}
        case _:
            return payload


def _lower_media(item: Any, path: str) -> Record:
    fields: dict[str, Any] = {}
    for name in item._fields:
        value = getattr(item, name)
        if name == "samples":
            value = item.view.tolist()
        elif name == item._payload:
            value = bytes(memoryview(value).cast("B"))
        elif name == "metadata" and value is not None:
            value = lower(plain(dict(value), f"{path}.metadata"))
        elif name == "shape":
            value = list(value)
        fields[name] = value
    if isinstance(item, media.Image):
        pixels = fields.pop("pixel_format", None)
        raw = fields["format"] == "raw"
        if raw and pixels is None:
            raise ValueFormError(path, "a raw image needs its pixel_format")
        fields["format"] = Variant(fields["format"], pixels if raw else None)
    return record(**fields)


def _lift_media(tag: str, source: Any) -> media.Media:
    cls: Any = next(cls for cls in media.CLASSES if cls.__name__.lower() == tag)
    fields: dict[str, Any] = {}
    for name in cls._fields:
        if cls is media.Image and name in ("format", "pixel_format"):
            continue
        value = field(source, name)
        if name == "metadata" and value is not None:
            value = lift(value)
        elif name == "shape":
            value = tuple(value)
        fields[name] = value
    if cls is media.Image:
        fields["format"] = source.format.tag
        fields["pixel_format"] = source.format.payload
    made: media.Media = cls(**fields)
    return made
