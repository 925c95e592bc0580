"""Items to columns."""

from __future__ import annotations

from itertools import accumulate

import pyarrow as pa

from .. import media
from ..runtime.jsonform import dumps
from ..runtime.values import ValueFormError, plain
from .types import AUDIO, ELEMENTS, OF_MEDIA

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    Problems = dict[int, ValueFormError]

_FAILURES = (pa.ArrowException, TypeError, ValueError, OverflowError)


def from_items(items: Sequence[Any], type: pa.DataType | None = None) -> Any:
    """Items as a column (`pyarrow.Array`, or a `ChunkedArray` of many bytes of text).

    Without a type it is that of the first item that is not None, as wide as all need. None is
    null. Fields that some dicts don't have are null in theirs.

    Raises:
        ValueFormError: An item doesn't fit; it says which row.
    """
    column, problems = write(items, type)
    for row in sorted(problems):
        raise problems[row].within(f"rows[{row}]")
    return column


def write(items: Sequence[Any], type: pa.DataType | None = None) -> tuple[Any, Problems]:
    """Items as a column, with null for those that don't fit, and why, by row.

    Without a type those fit that are of the kind of the first one.
    """
    known = [_plain(item) for item in items]
    problems = {row: it for row, it in enumerate(known) if isinstance(it, ValueFormError)}
    values = [None if row in problems else it for row, it in enumerate(known)]
    first = next((it for it in values if it is not None), None)
    if type is None:
        _of_one_kind(values, _kind(first), problems)
    if isinstance(first, media.Media):
        found = _media(values, first, type, problems)
    else:
        found = _column(values, type, problems)
    return found, problems


def _plain(item: object) -> Any:
    if item is None or type(item) in (str, int, float, bool, bytes):
        return item
    try:
        return plain(item)
    except ValueFormError as error:
        return error


def _kind(item: object) -> str:
    """What stands together in a column without a type."""
    if isinstance(item, bool):
        return "bool"
    if isinstance(item, (int, float)):
        return "number"
    return "list" if isinstance(item, tuple) else type(item).__name__


def _of_one_kind(values: list[Any], kind: str, problems: Problems) -> None:
    for row, value in enumerate(values):
        if value is not None and (its := _kind(value)) != kind:
            problems[row] = ValueFormError("", f"{its} in a column of {kind}")
            values[row] = None


def _column(values: list[Any], type: Any, problems: Problems) -> Any:
    """Plain values."""
    try:
        return pa.array(values, type)
    except _FAILURES:
        pass
    if type is None:
        # What has no type by itself says nothing of that of the others.
        for row, value in enumerate(values):
            _try(row, value, None, values, problems)
        type = _first_type(values)
    for row, value in enumerate(values):
        _try(row, value, type, values, problems)
    return pa.array(values, type)


def _try(row: int, value: Any, type: Any, values: list[Any], problems: Problems) -> None:
    """Whether a value fits a type, alone."""
    try:
        if isinstance(value, media.Media):
            raise ValueFormError("", f"{_kind(value)} in a column of {type}")
        pa.array([value], type)
    except _FAILURES as error:
        problems[row] = (
            error if isinstance(error, ValueFormError) else ValueFormError("", str(error))
        )
        values[row] = None


def _first_type(values: list[Any]) -> Any:
    """The type of as many values from the first on as have one together."""
    good, bad = 0, len(values) + 1
    while good + 1 < bad:
        middle = (good + bad) // 2
        try:
            pa.array(values[:middle])
            good = middle
        except _FAILURES:
            bad = middle
    return pa.array(values[:good]).type


def _media(values: list[Any], first: media.Media, type: Any, problems: Problems) -> Any:
    cls = first.__class__
    fixed = isinstance(type, pa.FixedShapeTensorType)
    if type is not None and not fixed and not pa.types.is_struct(type):
        for row, value in enumerate(values):
            if value is not None:
                problems[row] = ValueFormError("", f"{_kind(value)} in a column of {type}")
        return pa.nulls(len(values), type)
    for row, value in enumerate(values):
        if value is None:
            continue
        problem = None
        if value.__class__ is not cls:
            problem = f"{_kind(value)} in a column of {cls.__name__}"
        elif fixed and (not isinstance(value, media.Tensor) or _fixed(value) != type):
            problem = f"{value!r} in a column of {type}"
        if problem is not None:
            problems[row] = ValueFormError("", problem)
            values[row] = None
    if issubclass(cls, media.Tensor) and (fixed or type is None):
        kinds = [_fixed(value) for value in values if value is not None]
        if kinds and kinds[0] is not None and all(kind == kinds[0] for kind in kinds):
            return _tensors(values, kinds[0])
        if fixed:
            return pa.nulls(len(values), type)
    made = _structs(values, cls)
    return made if type is None or type == made.type else made.cast(type)


def _fixed(tensor: media.Tensor) -> Any:
    """The type of tensors of this shape and these elements; None where there is none."""
    if not tensor.shape or 0 in tensor.shape or tensor.layout is not None:
        return None
    return pa.fixed_shape_tensor(ELEMENTS[tensor.dtype], tensor.shape)


def _elements(payload: bytes, type: Any) -> Any:
    """Elements of a tensor, which are bytes: bools a byte each."""
    if type == pa.bool_():
        return _elements(payload, pa.uint8()).cast(type)
    count = len(payload) // (type.bit_width // 8)
    return pa.Array.from_buffers(type, count, [None, pa.py_buffer(payload)])


def _tensors(values: list[Any], type: Any) -> Any:
    size: int = type.storage_type.list_size
    element = type.value_type
    missing = bytes(size * (1 if element == pa.bool_() else element.bit_width // 8))
    joined = b"".join(missing if value is None else value._bytes("data") for value in values)
    storage = pa.FixedSizeListArray.from_arrays(
        _elements(joined, element), type=type.storage_type, mask=_mask(values)
    )
    return pa.ExtensionArray.from_storage(type, storage)


def _mask(values: Sequence[Any]) -> Any:
    """Where values are missing; None where none is."""
    missing = [value is None for value in values]
    return pa.array(missing, pa.bool_()) if any(missing) else None


def _structs(values: list[Any], cls: type[media.Media]) -> Any:
    kind = OF_MEDIA[cls]
    fields = [kind.field(place) for place in range(kind.num_fields)]
    columns = []
    for field in fields:
        given = [None if value is None else getattr(value, field.name) for value in values]
        if field.name == "samples":
            columns.append(_samples(given))
            continue
        if field.name == "metadata":
            given = [None if it is None else dumps(dict(it)) for it in given]
        elif field.name == cls._payload:
            given = [None if it is None else it._bytes(field.name) for it in values]
        elif field.name == "shape":
            given = [None if it is None else list(it) for it in given]
        columns.append(pa.array(given, field.type))
    return pa.StructArray.from_arrays(columns, fields=fields, mask=_mask(values))


def _samples(given: Sequence[Any]) -> Any:
    """Samples one after the other in one piece of memory."""
    views = [None if it is None else memoryview(it).cast("B") for it in given]
    ends = accumulate((0 if it is None else it.nbytes // 4 for it in views), initial=0)
    values = _elements(b"".join(it for it in views if it is not None), pa.float32())
    offsets = pa.array(ends, pa.int64())
    return pa.LargeListArray.from_arrays(
        offsets, values, type=AUDIO.field("samples").type, mask=_mask(views)
    )
