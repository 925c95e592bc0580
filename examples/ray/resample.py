#!/usr/bin/env python3
"""A folder of WAV files to mono at 16 kHz, in Parquet, by as many sandboxes as there are cores.

    examples/ray/resample.py FOLDER OUT

Each file is read, mixed down and resampled in a sandbox of its own: a file that is damaged, or made
to do harm, has no more than an entry in the column `error`. OUT gets Parquet files with the columns
path, output (samples, sample_rate, channels) and error. Needs `pip install remotemedia[ray]`.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import ray

from remotemedia.arrow import AUDIO
from remotemedia.ray import PipelineMapper

MANIFEST = Path(__file__).with_name("resample.json")


def main(folder: str, out: str) -> None:
    """Resample all of a folder."""
    # Actors have a core each; what reads the files needs one besides.
    cores = os.cpu_count() or 1
    ray.init(num_cpus=cores + 1, include_dashboard=False)
    files = ray.data.read_binary_files(folder, include_paths=True, file_extensions=["wav"])
    files.map_batches(
        PipelineMapper,
        fn_constructor_kwargs={
            "manifest": MANIFEST.read_text(encoding="utf-8"),
            "column": "bytes",
            "keep": ["path"],
            "output_type": AUDIO,
            "on_error": "column",
            "timeout": 60,
            "max_memory": 512,
        },
        batch_format="pyarrow",
        batch_size=16,
        compute=ray.data.ActorPoolStrategy(min_size=1, max_size=cores),
    ).write_parquet(out)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
