"""Batches of rows, in the forms that programs have them, as tables of Arrow."""

from __future__ import annotations

import sys
from typing import Any

import pyarrow as pa


def to_table(batch: Any) -> pa.Table:
    """A batch as a table: a table, a record batch, a DataFrame, or a dict of columns.

    Raises:
        TypeError: It is something else.
    """
    if isinstance(batch, pa.Table):
        return batch
    if isinstance(batch, pa.RecordBatch):
        return pa.Table.from_batches([batch])
    if _is_frame(batch):
        return pa.Table.from_pandas(batch, preserve_index=False)
    if isinstance(batch, dict):
        return pa.table({name: _column(values) for name, values in batch.items()})
    raise TypeError(
        "a batch is a pyarrow.Table, a RecordBatch, a pandas.DataFrame or a dict of arrays, "
        f"not {type(batch).__name__}"
    )


def from_table(table: pa.Table, like: Any, rows: list[int] | None) -> Any:
    """A table in the form of the batch that it comes of.

    A DataFrame has the index of the other's rows that it comes of: of all, in order, for None.
    """
    if not _is_frame(like):
        return table
    frame = table.to_pandas()
    frame.index = like.index if rows is None else like.index.take(rows)
    return frame


def _is_frame(batch: Any) -> bool:
    """Whether it is a DataFrame: where pandas was never imported nothing is."""
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(batch, pandas.DataFrame)


def _column(values: Any) -> Any:
    """An array of numpy as a column: a tensor a row where it has more than one dimension."""
    if getattr(values, "ndim", 1) > 1:
        return pa.FixedShapeTensorArray.from_numpy_ndarray(values)
    if getattr(getattr(values, "dtype", None), "kind", "") == "O":
        return pa.array(list(values))
    return pa.array(values)
