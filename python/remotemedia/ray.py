"""Pipelines in Ray Data.

    import ray
    from remotemedia.ray import PipelineMapper

    ds = ray.data.read_parquet("texts").map_batches(
        PipelineMapper,
        fn_constructor_kwargs={"manifest": "shout.json", "nodes": ["nodes"], "column": "text"},
        batch_format="pyarrow",
        compute=ray.data.ActorPoolStrategy(size=2),
    )

Each actor has one engine, and runs each row in a fresh sandbox. Ray itself is not imported here:
docs/ray.md has how to use it, and what it does when an actor dies.
"""

from __future__ import annotations

from .mapper import ERROR, PipelineMapper, RowError

__all__ = ["ERROR", "PipelineMapper", "RowError"]
