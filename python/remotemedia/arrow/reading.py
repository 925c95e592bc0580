"""Columns to items."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from ..media import Audio, Media, Tensor
from ..runtime.jsonform import loads
from ..runtime.values import ValueFormError
from .types import ELEMENTS, medium_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Problems = dict[int, ValueFormError]

_NAMES = {type: name for name, type in ELEMENTS.items()}
_RAY = ("ray.data.arrow_tensor", "ray.data.arrow_tensor_v2")
_RAY_VARIABLE = "ray.data.arrow_variable_shaped_tensor"


def to_items(column: pa.Array | pa.ChunkedArray) -> list[Any]:
    """The rows of a column as items.

    Raises:
        ValueFormError: The column's type has no plain form, or a row is no item; it says which.
    """
    items, problems = read(column)
    for row in sorted(problems):
        raise problems[row].within(f"rows[{row}]")
    return items


def read(column: pa.Array | pa.ChunkedArray) -> tuple[list[Any], Problems]:
    """The rows of a column as items, and what is wrong with rows that are none, by row.

    A row that is none is None among the items.

    Raises:
        ValueFormError: The column's type has no plain form.
    """
    items: list[Any] = []
    problems: Problems = {}
    chunks = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
    for chunk in chunks:
        found, wrong = _read(chunk)
        problems.update((len(items) + row, problem) for row, problem in wrong.items())
        items += found
    return items, problems


def _read(array: Any) -> tuple[list[Any], Problems]:
    kind = array.type
    if pa.types.is_dictionary(kind):
        return _read(array.dictionary_decode())
    if pa.types.is_run_end_encoded(kind):
        return _read(pc.run_end_decode(array))
    if isinstance(kind, pa.BaseExtensionType):
        return _extension(array)
    if _is_binary(kind):
        return _binaries(array), {}
    if pa.types.is_struct(kind):
        medium = medium_of({kind.field(place).name for place in range(kind.num_fields)})
        if medium is not None:
            return _media(array, medium)
    _check(kind, "")
    if pa.types.is_float16(kind):
        array = array.cast(pa.float32())
    return array.to_pylist(maps_as_pydicts="strict"), {}


def _is_binary(kind: Any) -> bool:
    return bool(
        pa.types.is_binary(kind)
        or pa.types.is_large_binary(kind)
        or pa.types.is_fixed_size_binary(kind)
        or pa.types.is_binary_view(kind)
    )


def _is_list(kind: Any) -> bool:
    return bool(
        pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    )


def _bytes(buffer: Any) -> memoryview:
    return memoryview(b"" if buffer is None else buffer).cast("B")


def _binaries(array: Any) -> list[memoryview | None]:
    """The rows of a column of bytes as parts of its memory."""
    kind, first, count = array.type, array.offset, len(array)
    if not count:
        return []
    if pa.types.is_binary_view(kind):
        return _binaries(array.cast(pa.large_binary()))
    _, *buffers = array.buffers()
    if pa.types.is_fixed_size_binary(kind):
        size = kind.byte_width
        bounds = [row * size for row in range(first, first + count + 1)]
    else:
        offsets = _bytes(buffers[0]).cast("q" if pa.types.is_large_binary(kind) else "i")
        bounds = offsets[first : first + count + 1].tolist()
    memory = _bytes(buffers[-1])
    valid = array.is_valid().to_pylist()
    return [memory[bounds[row] : bounds[row + 1]] if valid[row] else None for row in range(count)]


def _check(kind: Any, path: str) -> None:
    """Refuses a type that has values without a plain form."""
    if pa.types.is_struct(kind):
        for place in range(kind.num_fields):
            field = kind.field(place)
            _check(field.type, f"{path}.{field.name}" if path else field.name)
    elif _is_list(kind):
        _check(kind.value_type, f"{path}[]")
    elif pa.types.is_map(kind):
        _check(kind.key_type, f"{path}[]")
        _check(kind.item_type, f"{path}[]")
    elif pa.types.is_dictionary(kind):
        _check(kind.value_type, path)
    elif not (
        pa.types.is_null(kind)
        or pa.types.is_boolean(kind)
        or pa.types.is_integer(kind)
        or pa.types.is_floating(kind)
        or pa.types.is_string(kind)
        or pa.types.is_large_string(kind)
        or pa.types.is_string_view(kind)
        or _is_binary(kind)
    ):
        raise ValueFormError(path, f"{kind} has no plain form: cast it, for example to a string")


def _extension(array: Any) -> tuple[list[Any], Problems]:
    kind, storage = array.type, array.storage
    name = kind.extension_name
    if name == "arrow.fixed_shape_tensor":
        if list(kind.permutation or ()) != list(range(len(kind.shape))) and kind.permutation:
            return _permuted(array)
        shape = tuple(kind.shape)
        return _tensors(storage, lambda _: shape)
    if name in _RAY:
        shape = tuple(kind.shape)
        return _tensors(storage, lambda _: shape)
    if name == _RAY_VARIABLE:
        shapes = storage.field("shape")
        return _tensors(storage.field("data"), lambda row: tuple(shapes[row].as_py()))
    return _read(storage)


def _permuted(array: Any) -> tuple[list[Any], Problems]:
    """Tensors whose elements lie in another order than that of their dimensions."""
    if array.null_count or array.storage.flatten().null_count:
        problem = "a tensor whose dimensions are permuted can't be missing, nor its elements"
        raise ValueFormError("", problem)
    return [Tensor(it) for it in array.to_numpy_ndarray()], {}


class _Spans:
    """The rows of a list column as parts of the memory of its values."""

    def __init__(self, array: Any) -> None:
        self.valid = array.is_valid().to_pylist()
        self.values = array.values
        if pa.types.is_fixed_size_list(array.type):
            size, first = array.type.list_size, array.offset
            ends = range(first * size, (first + len(array) + 1) * size, size) if size else ()
            self.bounds = list(ends) or [0] * (len(array) + 1)
        else:
            self.bounds = array.offsets.to_pylist()
        if pa.types.is_boolean(self.values.type):
            # A bit each; tensors have a byte.
            self.values = self.values.cast(pa.uint8())
        elif not pa.types.is_primitive(self.values.type):
            raise ValueFormError("", f"elements of {self.values.type} are no numbers")
        self.memory = _bytes(self.values.buffers()[1])
        self.size = self.values.type.bit_width // 8

    def __call__(self, row: int) -> memoryview | None:
        """The bytes of a row's elements; None where there is no row."""
        if not self.valid[row]:
            return None
        start, end = self.bounds[row], self.bounds[row + 1]
        if self.values.null_count and self.values.slice(start, end - start).null_count:
            raise ValueFormError("", "an element is missing")
        first = self.values.offset
        return self.memory[(first + start) * self.size : (first + end) * self.size]


def _each(count: int, make: Callable[[int], Any]) -> tuple[list[Any], Problems]:
    """What is made of each row, and what goes wrong."""
    items: list[Any] = []
    problems: Problems = {}
    for row in range(count):
        try:
            items.append(make(row))
        except ValueFormError as error:
            problems[row] = error
            items.append(None)
        except (TypeError, ValueError) as error:
            problems[row] = ValueFormError("", str(error))
            items.append(None)
    return items, problems


def _tensors(storage: Any, shape: Callable[[int], tuple[int, ...]]) -> tuple[list[Any], Problems]:
    element = _NAMES.get(storage.type.value_type)
    if element is None:
        raise ValueFormError("", f"a tensor has no elements of {storage.type.value_type}")
    spans = _Spans(storage)

    def make(row: int) -> Tensor | None:
        data = spans(row)
        return None if data is None else Tensor(data, shape(row), element)

    return _each(len(storage), make)


def _media(array: Any, cls: type[Media]) -> tuple[list[Any], Problems]:
    """Structs that are media."""
    valid = array.is_valid().to_pylist()
    columns: dict[str, Callable[[int], Any]] = {}
    for place in range(array.type.num_fields):
        name, field = array.type.field(place).name, array.field(place)
        columns[name] = _field(cls, name, field)
    make: Any = cls

    def one(row: int) -> Media | None:
        if not valid[row]:
            return None
        fields = {name: value(row) for name, value in columns.items()}
        given = {name: value for name, value in fields.items() if value is not None}
        if cls is Audio:
            given.setdefault("channels", 1)
        for name in ("samples", "data", "pixel_data", "bytes"):
            if name in fields and fields[name] is None:
                raise ValueFormError(name, "it is missing")
        made: Media = make(**given)
        return made

    return _each(len(array), one)


def _field(cls: type[Media], name: str, column: Any) -> Callable[[int], Any]:
    """What gives a field of a row's medium."""
    if name == "samples":
        return _samples(column)
    if name == cls._payload and _is_list(column.type):
        spans = _Spans(column)
        if spans.size != 1:
            raise ValueFormError(name, f"bytes can't be of {column.type}")
        return spans
    items, problems = _read(column)
    if problems:
        raise problems[min(problems)].within(name)
    if name == "metadata" and column.type in (pa.string(), pa.large_string()):
        return lambda row: None if items[row] is None else loads(items[row])
    return items.__getitem__


def _samples(column: Any) -> Callable[[int], Any]:
    kind = column.type
    if not _is_list(kind):
        raise ValueFormError("samples", f"they must be a list of 32-bit floats, not {kind}")
    if kind.value_type == pa.float64():
        column = column.cast(pa.large_list(pa.float32()))
    elif kind.value_type != pa.float32():
        raise ValueFormError("samples", f"they must be 32-bit floats, not {kind.value_type}")
    spans = _Spans(column)

    def floats(row: int) -> Any:
        data = spans(row)
        return None if data is None else data.cast("f")

    return floats
