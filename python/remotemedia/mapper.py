"""Pipelines over batches of rows: for Ray Data, Dask, and executors of processes and threads.

    from remotemedia.mapper import PipelineMapper

    mapper = PipelineMapper("examples/text_processor.json", column="item", threads=2)
    table = mapper(table)  # with a column `output` more

A row is an item, or a column of it is; what a row's run gives goes to the column `output`. Rows run
in a fresh sandbox each. Needs pyarrow: `pip install remotemedia[arrow]`.
"""

from __future__ import annotations

import collections
import contextlib
import functools
import itertools
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Literal

import pyarrow as pa

from . import arrow
from .core.exceptions import PipelineError
from .runtime.jsonform import dumps
from .runtime.results import PipelineRunError, invalid_manifest
from .runtime.source import manifest_text
from .runtime.tables import from_table, to_table
from .runtime.values import ValueFormError
from .sandbox import Interrupted, LimitError, Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from .sandbox.host import Manifest

    Outcome = list[Any] | Exception

__all__ = ["ERROR", "PipelineMapper", "RowError"]

ERROR = pa.struct(
    {"kind": pa.string(), "message": pa.string(), "node_id": pa.string(), "traceback": pa.string()}
)
"""The type of the column `error`."""

# What a row can do wrong; all else is nobody's row's fault.
_OF_A_ROW = (PipelineError, TypeError, ValueError)


class RowError(PipelineError):
    """A row failed.

    `row` counts the rows of the batch, from 0. `kind` is that of a PipelineRunError, the name of a
    limit, as `timeout` or `max-memory`, or `fault` where the component failed.
    """

    def __init__(
        self,
        row: int,
        kind: str,
        message: str,
        node_id: str | None = None,
        traceback: str | None = None,
    ) -> None:
        super().__init__(row, kind, message, node_id, traceback)
        self.row = row
        self.kind = kind
        self.message = message
        self.node_id = node_id
        self.traceback = traceback

    def __str__(self) -> str:
        said = f"row {self.row}: {self.message}"
        return said if self.traceback is None else f"{said}\n{self.traceback}"


class PipelineMapper:
    """Runs a pipeline on the rows of batches.

    A batch is a `pyarrow.Table` or `RecordBatch`, a `pandas.DataFrame`, or a dict of numpy arrays;
    of a DataFrame comes a DataFrame, of anything else a Table.

    `manifest`, `nodes`, `baked`, `dist` and `limits` are those of `Sandbox`; paths are looked for
    where the mapper runs. Its sandbox is made when it is first needed, once in each process for all
    mappers that ask for the same: a mapper can be pickled.

    `column` has the items; without it each row is an item, a dict of its columns. `keep` names the
    columns that stay, by default all.

    Outputs go to the column `output`. By default each has a row, with what is kept of the row that
    it comes of: a row without outputs is gone. With `collect` each row stays, and has the list of
    its outputs. `output_type` is their type in Arrow, or "json": the text that `pipeline run`
    prints. Without it that is as each batch has it, which must be the same in all.

    `on_error` is "raise": a RowError for the first row of the batch that fails; or "column": a
    column `error` says what failed, and is null in other rows.

    `isolate` is "row": each has a fresh sandbox; or "batch": rows of a batch go through one, whose
    nodes keep state from row to row. That is quicker for short items; after an error or a limit
    the rows that follow have another.

    `threads` is how many rows run at a time; None is one for each core that the process may use.
    The order stays that of the rows.

    Raises:
        PipelineRunError: The manifest can't run.
        ValueError: Options that have no meaning.
    """

    def __init__(
        self,
        manifest: Manifest,
        *,
        nodes: Iterable[str | os.PathLike[str]] = (),
        column: str | None = None,
        keep: Sequence[str] | None = None,
        output: str = "output",
        output_type: pa.DataType | Literal["json"] | None = None,
        collect: bool = False,
        on_error: Literal["raise", "column"] = "raise",
        isolate: Literal["row", "batch"] = "row",
        threads: int | None = 1,
        dist: str | os.PathLike[str] | None = None,
        baked: str | os.PathLike[str] | None = None,
        **limits: float | None,
    ) -> None:
        if on_error not in ("raise", "column"):
            raise ValueError(f'on_error is "raise" or "column", not {on_error!r}')
        if isolate not in ("row", "batch"):
            raise ValueError(f'isolate is "row" or "batch", not {isolate!r}')
        if isinstance(output_type, str) and output_type != "json":
            raise ValueError(f'output_type is a type of Arrow or "json", not {output_type!r}')
        if output_type is not None and not isinstance(output_type, (str, pa.DataType)):
            kind = type(output_type).__name__
            raise ValueError(f'output_type is a type of Arrow or "json", not a {kind}')
        self.threads = _cores() if threads is None else threads
        if self.threads < 1:
            raise ValueError(f"threads must be at least 1, not {threads}")
        if isolate == "batch" and self.threads > 1:
            raise ValueError('with isolate="batch" rows follow each other: threads must be 1')
        if isinstance(keep, str):
            raise ValueError(f"keep is a list of columns: [{keep!r}]")
        self.column = column
        self.keep = keep
        self.output = output
        self.output_type = output_type
        self.collect = collect
        self.on_error = on_error
        self.isolate = isolate
        self._manifest = manifest_text(manifest)
        places = tuple(os.fspath(directory) for directory in nodes)
        self._of = (
            None if dist is None else os.fspath(dist),
            places,
            None if baked is None else os.fspath(baked),
        )
        self._limits = limits
        checked = self._sandbox().check(self._manifest, **limits)
        if not checked.ok:
            raise invalid_manifest(checked.diagnostics)

    def _sandbox(self) -> Sandbox:
        # A process that was forked has none of the threads that an engine needs.
        return _made(os.getpid(), *self._of)

    def __call__(self, batch: Any) -> Any:
        """Run the pipeline on the rows of a batch.

        Raises:
            RowError: A row failed, and `on_error` is "raise".
            ValueFormError: A column, or all outputs together, can't be had in this form.
            KeyError: A column that is not there.
        """
        table = to_table(batch)
        columns = table.column_names
        taken = [self.output] + (["error"] if self.on_error == "column" else [])
        kept = list(columns if self.keep is None else self.keep)
        for name in kept if self.column is None else [*kept, self.column]:
            if name not in columns:
                raise KeyError(f"there is no column {name!r}: there are {', '.join(columns)}")
        for name in taken:
            if name in kept:
                raise ValueError(f"there is a column {name!r} already: name another, or keep less")
        if self.column is None:
            source: Any = table.to_struct_array()
        else:
            source = table.column(self.column)
        items, problems = arrow.read(source)
        outcomes = self._run(items, problems)
        result = self._table(table.select(kept), outcomes)
        return from_table(result[0], batch, result[1])

    def _run(self, items: list[Any], problems: dict[int, ValueFormError]) -> list[Outcome]:
        """What comes of each item; where errors are raised, up to the first."""
        outcomes: list[Outcome] = [problems.get(row, []) for row in range(len(items))]
        if self.isolate == "batch":
            self._run_together(items, outcomes)
        else:
            self._run_apart(items, outcomes)
        if self.on_error == "raise":
            for row, outcome in enumerate(outcomes):
                if isinstance(outcome, Exception):
                    raise _row_error(row, outcome) from outcome
        return outcomes

    def _run_apart(self, items: list[Any], outcomes: list[Outcome]) -> None:
        sandbox, rows = self._sandbox(), itertools.count()
        stop = threading.Event()

        def work() -> None:
            # Each takes the next row; those before one that fails have all been begun.
            while not stop.is_set() and (row := next(rows)) < len(items):
                if not isinstance(outcomes[row], Exception):
                    outcomes[row] = _outcome(self._alone, sandbox, items[row])
                if self.on_error == "raise" and isinstance(outcomes[row], Exception):
                    stop.set()

        threads = min(self.threads, len(items))
        if threads <= 1:
            return work()
        with ThreadPoolExecutor(threads, "pipeline") as pool:
            for worker in [pool.submit(work) for _ in range(threads)]:
                try:
                    worker.result()
                except BaseException:
                    stop.set()
                    raise

    def _alone(self, sandbox: Sandbox, item: object) -> list[Any]:
        return sandbox.run(self._manifest, [item], **self._limits).outputs

    def _run_together(self, items: list[Any], outcomes: list[Outcome]) -> None:
        rows = (row for row, outcome in enumerate(outcomes) if not isinstance(outcome, Exception))
        todo = collections.deque(rows)
        while todo:
            session = self._sandbox().session(self._manifest, **self._limits)
            failed, rest = False, []
            try:
                while todo and not failed:
                    row = todo.popleft()
                    outcomes[row] = _outcome(session.push, items[row])
                    failed = isinstance(outcomes[row], Exception)
                if not failed:
                    rest = session.finish().outputs
            finally:
                # One that met a limit is at its end already, and can't be closed.
                with contextlib.suppress(PipelineError):
                    session.close()
            if rest:
                raise PipelineError(
                    f"the pipeline gives {len(rest)} outputs at its end, which are of no row: "
                    'use isolate="row"'
                )
            if failed and self.on_error == "raise":
                return

    def _table(self, kept: pa.Table, outcomes: list[Outcome]) -> tuple[pa.Table, list[int] | None]:
        """Rows with outputs, and of which rows they come where that is not all in order."""
        flat: list[Any] = []
        of: list[int] = []
        errors: dict[int, RowError] = {}
        for row, outcome in enumerate(outcomes):
            if isinstance(outcome, Exception):
                errors[row] = _row_error(row, outcome)
                continue
            flat += outcome
            of += itertools.repeat(row, len(outcome))
        outputs, problems = self._outputs(flat)
        for place in sorted(problems):
            problem = problems[place]
            error = RowError(of[place], "unrepresentable-output", f"{self.output}: {problem}")
            if self.on_error == "raise":
                raise error from problem
            errors.setdefault(of[place], error)
        if problems or errors:
            return self._with_errors(kept, len(outcomes), outputs, of, errors)
        if self.collect:
            column, rows = _lists(outputs, of, set(), len(outcomes)), None
        else:
            column, rows = outputs, of
        return self._assemble(kept, len(outcomes), column, rows, {})

    def _with_errors(
        self,
        kept: pa.Table,
        count: int,
        outputs: Any,
        of: list[int],
        errors: dict[int, RowError],
    ) -> tuple[pa.Table, list[int] | None]:
        """The same where rows failed: what else they gave is left out."""
        good = [place for place, row in enumerate(of) if row not in errors]
        of = [of[place] for place in good]
        outputs = outputs.take(pa.array(good, pa.int64()))
        if self.collect:
            column = _lists(outputs, of, set(errors), count)
            return self._assemble(kept, count, column, None, errors)
        both = sorted([*((row, place) for place, row in enumerate(of)), *((r, -1) for r in errors)])
        places = pa.array([place if place >= 0 else None for _, place in both], pa.int64())
        rows = [row for row, _ in both]
        return self._assemble(kept, count, outputs.take(places), rows, errors)

    def _assemble(
        self,
        kept: pa.Table,
        count: int,
        column: Any,
        rows: list[int] | None,
        errors: dict[int, RowError],
    ) -> tuple[pa.Table, list[int] | None]:
        if rows == list(range(count)):
            rows = None
        all_rows = range(count) if rows is None else rows
        if rows is not None:
            kept = kept.take(pa.array(rows, pa.int64()))
        if not kept.num_columns:
            # A table without columns has no rows either.
            table = pa.table({self.output: column})
        else:
            table = kept.append_column(self.output, column)
        if self.on_error == "column":
            said = [_described(errors[row]) if row in errors else None for row in all_rows]
            table = table.append_column("error", pa.array(said, ERROR))
        return table, rows

    def _outputs(self, flat: list[Any]) -> tuple[Any, dict[int, ValueFormError]]:
        if isinstance(self.output_type, str):
            return pa.array(map(dumps, flat), pa.large_string()), {}
        return arrow.write(flat, self.output_type)


def _lists(outputs: Any, of: list[int], failed: set[int], count: int) -> pa.Array:
    """The outputs of each row in a list; null for those that failed."""
    counts = [0] * count
    for row in of:
        counts[row] += 1
    offsets = pa.array(itertools.accumulate(counts, initial=0), pa.int64())
    mask = pa.array([row in failed for row in range(count)], pa.bool_()) if failed else None
    values = outputs.combine_chunks() if isinstance(outputs, pa.ChunkedArray) else outputs
    return pa.LargeListArray.from_arrays(offsets, values, mask=mask)


def _outcome(run: Callable[..., list[Any]], *arguments: Any) -> Outcome:
    try:
        return run(*arguments)
    except Interrupted:
        raise
    except _OF_A_ROW as error:
        return error


def _row_error(row: int, error: Exception) -> RowError:
    if isinstance(error, RowError):
        return error
    if isinstance(error, PipelineRunError):
        # Which item of the node's it was says nothing: in a run of its own the row is the first.
        at = "" if error.node_id is None else f"node `{error.node_id}` ({error.node_type}): "
        return RowError(row, error.kind, at + error.message, error.node_id, error.traceback)
    if isinstance(error, LimitError):
        return RowError(row, error.limit or "fault", str(error))
    return RowError(row, "invalid-input", str(error))


def _described(error: RowError) -> dict[str, Any]:
    return {ERROR.field(place).name: getattr(error, ERROR.field(place).name) for place in range(4)}


def _cores() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not every system has it
        return os.cpu_count() or 1


@functools.lru_cache(maxsize=8)
def _made(_process: int, dist: str | None, nodes: tuple[str, ...], baked: str | None) -> Sandbox:
    """A sandbox for all mappers of this process that ask for the same."""
    return Sandbox(dist, nodes=nodes, baked=baked)
