"""The mapper in Ray Data and in Dask, and the example: `cargo xtask verify ray`."""

from __future__ import annotations

import math
import struct
import subprocess
import sys
import wave
from pathlib import Path

import dask.dataframe
import numpy as np
import pandas
import pyarrow as pa
import pyarrow.parquet
import pytest
import ray
from remotemedia import arrow
from remotemedia.ray import PipelineMapper

ROOT = Path(__file__).resolve().parents[2]
OWN = {"version": "v1", "nodes": [{"id": "own", "node_type": "own:Own"}]}
PASS = {"version": "v1", "nodes": [{"id": "pass", "node_type": "PassThrough"}]}


@pytest.fixture(scope="module")
def cluster():
    """A Ray of our own."""
    ray.init(
        num_cpus=3,
        include_dashboard=False,
        log_to_driver=False,
        object_store_memory=128 << 20,
    )
    yield
    ray.shutdown()


@pytest.fixture
def nodes(tmp_path: Path) -> str:
    (tmp_path / "own.py").write_text(
        "class Own:\n"
        "    def process(self, it):\n"
        "        if it == 13:\n"
        "            raise ValueError('no luck')\n"
        "        for part in range(it % 3):\n"
        "            yield f'{it}.{part}'\n"
    )
    return str(tmp_path)


def test_rows_of_all_blocks_have_their_outputs(cluster, nodes: str) -> None:
    mapped = ray.data.range(40, override_num_blocks=8).map_batches(
        PipelineMapper,
        fn_constructor_kwargs={
            "manifest": OWN,
            "nodes": [nodes],
            "column": "id",
            "on_error": "column",
            "output_type": pa.string(),
        },
        batch_format="pyarrow",
        compute=ray.data.ActorPoolStrategy(size=2),
    )
    rows = mapped.take_all()
    wanted = [(it, f"{it}.{part}") for it in range(40) for part in range(it % 3)]
    failing = (13, None)
    wanted = sorted([*(it for it in wanted if it[0] != 13), failing], key=lambda it: (it[0],))
    assert sorted(((row["id"], row["output"]) for row in rows), key=lambda it: it[0]) == wanted
    assert [row["error"]["kind"] for row in rows if row["error"]] == ["node-failed"]


def test_an_error_names_its_row(cluster, nodes: str) -> None:
    mapped = ray.data.range(20, override_num_blocks=1).map_batches(
        PipelineMapper,
        fn_constructor_kwargs={"manifest": OWN, "nodes": [nodes], "column": "id"},
        batch_format="pyarrow",
        batch_size=20,
        compute=ray.data.ActorPoolStrategy(size=1),
    )
    with pytest.raises(Exception, match="row 13: .*no luck"):
        mapped.take_all()


def test_tensors_of_ray_are_tensors(cluster) -> None:
    images = np.arange(48, dtype=np.uint8).reshape(4, 2, 2, 3)
    mapped = ray.data.from_numpy(images).map_batches(
        PipelineMapper,
        fn_constructor_kwargs={"manifest": PASS, "column": "data", "keep": []},
        batch_format="pyarrow",
        compute=ray.data.ActorPoolStrategy(size=1),
    )
    found = np.stack([row["output"] for row in mapped.take_all()])
    assert found.dtype == np.uint8 and np.array_equal(found, images)
    # Those of Ray's own types, which columns have where shapes differ.
    ragged = [np.zeros((2, 2), np.float32), np.ones((1, 3), np.float32)]
    column = ray.data.from_items([{"it": it} for it in ragged]).to_arrow_refs()
    items = [item for ref in column for item in arrow.to_items(ray.get(ref)["it"])]
    assert [np.asarray(item).tolist() for item in items] == [it.tolist() for it in ragged]


def test_frames_of_pandas_and_dask(nodes: str) -> None:
    mapper = PipelineMapper(OWN, nodes=[nodes], column="id")
    frame = pandas.DataFrame({"id": range(6), "name": list("abcdef")}, index=range(10, 16))
    found = mapper(frame)
    assert list(found.columns) == ["id", "name", "output"]
    assert found["output"].tolist() == ["1.0", "2.0", "2.1", "4.0", "5.0", "5.1"]
    assert found.index.tolist() == [11, 12, 12, 14, 15, 15]
    spread = dask.dataframe.from_pandas(frame, npartitions=3)
    for scheduler in ("threads", "processes"):
        mapped = spread.map_partitions(mapper, meta=mapper(frame.iloc[:0]))
        assert mapped.compute(scheduler=scheduler)["output"].tolist() == found["output"].tolist()


def sound(path: Path, rate: int, seconds: float) -> None:
    frames = range(round(rate * seconds))
    samples = [round(10_000 * math.sin(2 * math.pi * 440 * it / rate)) for it in frames]
    with wave.open(str(path), "wb") as file:
        file.setparams((2, 2, rate, 0, "NONE", ""))
        file.writeframes(b"".join(struct.pack("<hh", it, it) for it in samples))


def test_the_example(tmp_path: Path) -> None:
    folder = tmp_path / "sounds"
    folder.mkdir()
    sound(folder / "a.wav", 48_000, 0.5)
    sound(folder / "b.wav", 8_000, 1.25)
    (folder / "c.wav").write_bytes(b"RIFF, but not for long")
    example = ROOT / "examples/ray/resample.py"
    subprocess.run([sys.executable, example, folder, tmp_path / "out"], check=True, timeout=900)
    table = pyarrow.parquet.read_table(tmp_path / "out")
    rows = dict(zip((Path(it).name for it in table["path"].to_pylist()), range(3), strict=True))
    assert sorted(rows) == ["a.wav", "b.wav", "c.wav"]
    outputs, errors = arrow.to_items(table["output"]), table["error"].to_pylist()
    for name, seconds in (("a.wav", 0.5), ("b.wav", 1.25)):
        audio = outputs[rows[name]]
        assert (audio.sample_rate, audio.channels) == (16_000, 1)
        assert audio.duration == pytest.approx(seconds, abs=0.01)
        level = float(np.sqrt(np.mean(np.square(np.asarray(audio)[500:-500]))))
        assert level == pytest.approx(10_000 / 32_768 / math.sqrt(2), rel=0.02)
        assert errors[rows[name]] is None
    assert outputs[rows["c.wav"]] is None
    assert "not a WAV file" in errors[rows["c.wav"]]["message"]
