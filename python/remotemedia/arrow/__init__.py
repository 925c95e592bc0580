"""Columns of Arrow as items, and items as columns.

    from remotemedia import arrow

    items = arrow.to_items(table["audio"])
    column = arrow.from_items(result.outputs)

A row is an item. Payloads of media, tensors and bytes are views of the column's memory; nothing of
them is copied before the core takes them. What becomes what, both ways:

| Arrow | item |
| --- | --- |
| null, bool, integers, floats, strings | None, bool, int, float, str |
| binary | a memoryview, which is bytes to the core |
| list, struct, map | list, dict |
| `arrow.fixed_shape_tensor`, tensors of Ray Data | Tensor |
| a struct with the fields of a medium | that medium |

A struct is a medium where it has all fields that the medium can't be without, and none that it does
not have: `samples` and `sample_rate` are audio, with `channels` and the rest where they are there.
`AUDIO`, `VIDEO`, `IMAGE`, `TENSOR`, `TEXT`, `BINARY`, `FILE` and `CONTROL` are the types that media
become; tensors of one shape and element type become `arrow.fixed_shape_tensor`. Metadata is JSON in
a column. Dates, times and decimals have no plain form: cast them first.

Needs pyarrow: `pip install remotemedia[arrow]`.
"""

from __future__ import annotations

from .reading import read, to_items
from .types import AUDIO, BINARY, CONTROL, FILE, IMAGE, TENSOR, TEXT, VIDEO
from .writing import from_items, write

__all__ = [
    "AUDIO",
    "BINARY",
    "CONTROL",
    "FILE",
    "IMAGE",
    "TENSOR",
    "TEXT",
    "VIDEO",
    "from_items",
    "read",
    "to_items",
    "write",
]
