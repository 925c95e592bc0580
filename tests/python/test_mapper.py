"""`remotemedia.mapper` as it is installed: batches of rows through sandboxes."""

from __future__ import annotations

import multiprocessing
import pickle
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from remotemedia import PipelineRunError, arrow, media
from remotemedia.mapper import ERROR, PipelineMapper, RowError
from remotemedia.sandbox import Sandbox

PASS = {"version": "v1", "nodes": [{"id": "pass", "node_type": "PassThrough"}]}
OWN = {"version": "v1", "nodes": [{"id": "own", "node_type": "own:Own"}]}


@pytest.fixture
def own(tmp_path: Path):
    """A mapper of a node of one's own."""

    def make(process: str, manifest: object = OWN, **options: object) -> PipelineMapper:
        lines = "\n    ".join(process.splitlines())
        (tmp_path / "own.py").write_text(f"class Own:\n    {lines}\n")
        return PipelineMapper(manifest, nodes=[tmp_path], **options)

    return make


# None, one or two outputs, and a failure.
SOME = """
def process(self, number):
    if number == 13:
        raise ValueError("no luck")
    for part in range(number % 3):
        yield f"{number}.{part}"
"""
NUMBERS = pa.table({"id": ["a", "b", "c", "d", "e"], "number": [1, 2, 3, 13, 4]})
KEPT = {"column": "number", "keep": ["id"]}


def test_each_output_has_a_row(own) -> None:
    good = NUMBERS.take([0, 1, 2, 4])
    assert own(SOME, **KEPT)(good).to_pylist() == [
        {"id": "a", "output": "1.0"},
        {"id": "b", "output": "2.0"},
        {"id": "b", "output": "2.1"},
        {"id": "e", "output": "4.0"},
    ]
    assert own(SOME, **KEPT, collect=True)(good).to_pylist() == [
        {"id": "a", "output": ["1.0"]},
        {"id": "b", "output": ["2.0", "2.1"]},
        {"id": "c", "output": []},
        {"id": "e", "output": ["4.0"]},
    ]
    # All columns stay where none are named, and parts of tables are tables.
    found = own(SOME, column="number")(good.slice(1, 2))
    assert found.column_names == ["id", "number", "output"]
    assert found["output"].to_pylist() == ["2.0", "2.1"]
    alone = own(SOME, column="number", keep=[], collect=True)(good)
    assert alone.to_pylist() == [{"output": it} for it in (["1.0"], ["2.0", "2.1"], [], ["4.0"])]


@pytest.mark.parametrize("options", [{}, {"threads": 3}, {"isolate": "batch"}], ids=str)
def test_errors_are_raised_or_have_a_column(own, options: dict) -> None:
    with pytest.raises(RowError, match="^row 3: node `own` \\(own:Own\\): .*no luck") as caught:
        own(SOME, **KEPT, **options)(NUMBERS)
    error = caught.value
    assert (error.row, error.kind, error.node_id) == (3, "node-failed", "own")
    assert "own.py" in error.traceback and isinstance(error.__cause__, PipelineRunError)
    again = pickle.loads(pickle.dumps(error))
    assert (again.row, again.kind, str(again)) == (3, "node-failed", str(error))

    found = own(SOME, **KEPT, **options, on_error="column")(NUMBERS)
    assert found.schema.field("error").type == ERROR
    rows = found.to_pylist()
    assert [(row["id"], row["output"]) for row in rows] == [
        ("a", "1.0"),
        ("b", "2.0"),
        ("b", "2.1"),
        ("d", None),
        ("e", "4.0"),
    ]
    failed = rows[3]["error"]
    assert (failed["kind"], failed["node_id"]) == ("node-failed", "own")
    assert [row["error"] is None for row in rows] == [True, True, True, False, True]
    found = own(SOME, **KEPT, **options, on_error="column", collect=True)(NUMBERS)
    assert found["output"].to_pylist() == [["1.0"], ["2.0", "2.1"], [], None, ["4.0"]]
    # The column is there, and of the same type, where nothing fails.
    found = own(SOME, **KEPT, **options, on_error="column")(NUMBERS.slice(0, 2))
    assert found.schema.field("error").type == ERROR and found["error"].null_count == 3


def test_limits_hold_for_each_row(own) -> None:
    code = "def process(self, it):\n    while it == 1:\n        pass\n    return it"
    for isolate in ("row", "batch"):
        mapper = own(code, column="n", on_error="column", isolate=isolate, timeout=5)
        rows = mapper(pa.table({"n": [0, 1, 2]})).to_pylist()
        assert [row["output"] for row in rows] == [0, None, 2]
        assert rows[1]["error"]["kind"] == "timeout"
    mapper = own("def process(self, it):\n    return 'x' * it", column="n", max_output=1)
    with pytest.raises(RowError) as caught:
        mapper(pa.table({"n": [1, 3 << 20]}))
    assert (caught.value.row, caught.value.kind) == (1, "max-output")


def test_a_sandbox_is_for_a_row_or_for_a_batch(own) -> None:
    code = "count = 0\ndef process(self, it):\n    self.count += 1\n    return self.count"
    table = pa.table({"n": [5, 5, 5]})
    assert own(code, column="n")(table)["output"].to_pylist() == [1, 1, 1]
    mapper = own(code, column="n", isolate="batch")
    assert [mapper(table)["output"].to_pylist() for _ in range(2)] == [[1, 2, 3]] * 2
    # What a row's run gives at its end is that row's; at the end of a batch it is no row's.
    code = "def process(self, it):\n    self.it = it\ndef flush(self):\n    return self.it"
    assert own(code, column="n")(table)["output"].to_pylist() == [5, 5, 5]
    with pytest.raises(Exception, match='use isolate="row"'):
        own(code, column="n", isolate="batch")(table)


def test_many_threads_keep_the_order(own) -> None:
    code = "def process(self, it):\n    return [it, sum(range(it % 7 * 1000))]"
    table = pa.table({"n": list(range(200))})
    mapper = own(code, column="n", threads=8)
    assert mapper(table) == own(code, column="n")(table)
    assert own(code, column="n", threads=None).threads >= 1
    failing = own("def process(self, it):\n    return 1 // (it % 50 != 40)", column="n", threads=8)
    for _ in range(3):
        with pytest.raises(RowError, match="^row 40: "):
            failing(table)


def test_rows_are_items_and_media_are_media(own) -> None:
    table = pa.table({"text": ["a", "b"], "times": [2, 3]})
    mapper = own("def process(self, it):\n    return it['text'] * it['times']")
    assert mapper(table)["output"].to_pylist() == ["aa", "bbb"]
    sound = pa.table({"samples": [[0.5, -0.5, 1.0, 1.0]], "sample_rate": [8000], "channels": [2]})
    code = "def process(self, it):\n    return it.replace(sample_rate=it.frames)"
    found = own(code, keep=[])(sound)
    assert found.schema.field("output").type == arrow.AUDIO
    assert arrow.to_items(found["output"]) == [media.Audio([0.5, -0.5, 1, 1], 2, 2)]
    arrays = {"it": np.arange(12, dtype=np.float32).reshape(3, 2, 2)}
    found = PipelineMapper(PASS, column="it")(arrays)["output"].combine_chunks()
    assert np.array_equal(found.to_numpy_ndarray(), arrays["it"])
    raw = pa.table({"it": [b"abc", None, b""]})
    assert PipelineMapper(PASS, column="it")(raw)["output"].to_pylist() == [b"abc", None, b""]


def test_outputs_that_have_no_common_type(own) -> None:
    code = "def process(self, it):\n    return it if it < 2 else str(it)"
    table = pa.table({"n": [0, 2, 1]})
    with pytest.raises(RowError, match="row 1: output: str in a column of number") as caught:
        own(code, column="n")(table)
    assert caught.value.kind == "unrepresentable-output"
    rows = own(code, column="n", on_error="column")(table).to_pylist()
    assert [row["output"] for row in rows] == [0, None, 1]
    assert rows[1]["error"]["kind"] == "unrepresentable-output"
    found = own(code, column="n", output_type="json")(table)
    assert found["output"].to_pylist() == ["0", '"2"', "1"]
    typed = own(code, column="n", output_type=pa.float32(), on_error="column")
    assert typed(table)["output"].to_pylist() == [0.0, None, 1.0]
    assert typed(table.slice(0, 0)).schema.field("output").type == pa.float32()


def test_rows_that_are_no_items(own) -> None:
    struct = pa.array([{"samples": [0.5], "sample_rate": rate} for rate in (1, 0, 2)])
    table = pa.table({"sound": struct})
    with pytest.raises(RowError, match="^row 1: .*sample_rate must be at least 1") as caught:
        PipelineMapper(PASS, column="sound")(table)
    assert caught.value.kind == "invalid-input"
    rows = PipelineMapper(PASS, column="sound", on_error="column")(table).to_pylist()
    assert [row["error"] and row["error"]["kind"] for row in rows] == [None, "invalid-input", None]
    days = pa.table({"day": pa.array([0], pa.date32())})
    with pytest.raises(TypeError, match="date32.* has no plain form: cast it"):
        PipelineMapper(PASS, column="day")(days)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"on_error": "ignore"}, "on_error is"),
        ({"isolate": "all"}, "isolate is"),
        ({"output_type": "text"}, "output_type is"),
        ({"output_type": 3}, "not a int"),
        ({"threads": 0}, "at least 1"),
        ({"threads": 2, "isolate": "batch"}, "threads must be 1"),
        ({"keep": "id"}, r"\['id'\]"),
        ({"max_memry": 1}, "there is no limit max_memry"),
    ],
    ids=str,
)
def test_options_without_a_meaning(options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        PipelineMapper(PASS, **options)


def test_what_can_not_run_is_said_before_the_first_batch(tmp_path: Path) -> None:
    with pytest.raises(PipelineRunError, match="did you mean `PassThrough`"):
        PipelineMapper({"version": "v1", "nodes": [{"id": "n", "node_type": "PassTrough"}]})
    with pytest.raises(FileNotFoundError):
        PipelineMapper(tmp_path / "none.json")
    table = pa.table({"a": [1], "output": [2]})
    with pytest.raises(KeyError, match="there is no column 'b': there are a, output"):
        PipelineMapper(PASS, column="b")(table)
    with pytest.raises(ValueError, match="a column 'output' already"):
        PipelineMapper(PASS, column="a")(table)
    with pytest.raises(TypeError, match="a batch is a pyarrow.Table"):
        PipelineMapper(PASS)([1, 2])


def test_executors_of_threads_and_of_processes(own) -> None:
    mapper = own(SOME, **KEPT, on_error="column")
    tables = [NUMBERS.slice(start, 2) for start in (0, 2, 4)]
    wanted = [mapper(table) for table in tables]
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(mapper, tables)) == wanted
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=spawn) as pool:
        assert list(pool.map(mapper, tables)) == wanted
        with pytest.raises(RowError, match="^row 1: "):
            pool.submit(own(SOME, **KEPT), tables[1]).result()


def test_mappers_share_a_sandbox(own) -> None:
    one, other = own(SOME, **KEPT), own(SOME, column="number")
    assert one._sandbox() is other._sandbox() is pickle.loads(pickle.dumps(one))._sandbox()
    assert isinstance(one._sandbox(), Sandbox)
    assert PipelineMapper(PASS)._sandbox() is not one._sandbox()
