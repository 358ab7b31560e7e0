"""Finished run folders made by hand, with known counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from transforms import keyed
from transforms.datasets import CONCEPTS, SELECTION, annotations_schema, rejects_table, write_table
from transforms.rejects import Counts, Reason, Reject
from transforms.run_folder import RunFolder, RunState
from transforms.storage import StoragePath

CONFIG: dict[str, Any] = {
    "balance": {"method": "raked", "size": 4},
    "sources": [
        {"name": "web", "format": "webdataset", "path": "/gone", "license": "CC-BY-4.0"},
        {"name": "zh", "format": "webdataset", "path": "/gone", "license": "CC0-1.0"},
    ],
    "files_per_shard": 1000,
}


@dataclass(frozen=True)
class Row:
    """One annotated image."""

    key: str
    concepts: Sequence[int]
    caption: str = "a caption"
    lang: str = "en"
    copies: int = 0  # selected so many times
    offset: int = 0
    size_bytes: int = 1
    score: float = 0.5  # of every concept


@dataclass
class SyntheticRun:
    """A run folder to be: rows by (source, shard), concepts as (name, before, random, after)."""

    concepts: Sequence[tuple[str, int, int, int]]
    rows: Mapping[tuple[str, str], Sequence[Row]]
    rejects: Mapping[tuple[str, str, str], Sequence[Reject]] = field(default_factory=dict)
    config: Mapping[str, Any] = field(default_factory=lambda: CONFIG)

    def write(self, root: StoragePath, stages: Sequence[str] = ("annotate", "deduplicate", "balance")) -> RunState:
        folder = RunFolder(root, "0123456789abcdef")
        record = RunState.open(folder, dict(self.config), {})
        for (source, shard), rows in self.rows.items():
            table = _annotations(source, shard, rows)
            write_table(folder.annotations(source, shard), table, folder.fingerprint, Counts(len(rows), len(rows)))
            write_table(folder.selection(source, shard), _selection(shard, rows), folder.fingerprint)
        for (stage, source, shard), rejects in self.rejects.items():
            write_table(folder.rejects(stage, source, shard), rejects_table(shard, rejects), folder.fingerprint)
        write_table(folder.concepts, _concepts(self.concepts), folder.fingerprint)
        for stage in stages:
            record.finish(stage, self.counts(stage))
        return record

    def counts(self, stage: str) -> Counts:
        """As the stages would leave them: what was rejected in a stage came into it."""
        rows = [row for rows in self.rows.values() for row in rows]
        selected = sum(row.copies for row in rows)
        if stage in ("balance", "export"):
            dropped = len(rows) - selected if stage == "balance" else 0
            return Counts(selected + dropped, selected, {Reason.NOT_SELECTED.value: dropped} if dropped else {})
        rejects = [reject for (at, *_), few in self.rejects.items() if at == stage for reject in few]
        return Counts.of(len(rows), rejects)


def _annotations(source: str, shard: str, rows: Sequence[Row]) -> pa.Table:
    width = max((len(row.concepts) for row in rows), default=1)
    keys = [row.key for row in rows]
    values: dict[str, Any] = {
        "key": keys,
        "sample_id": keyed.sample_ids(source, shard, keys),
        "source": [source] * len(rows),
        "shard": [shard] * len(rows),
        "member_offset": [row.offset for row in rows],
        "member_bytes": [row.size_bytes for row in rows],
        "format": ["jpg"] * len(rows),
        "width": [64] * len(rows),
        "height": [64] * len(rows),
        "caption": [row.caption for row in rows],
        "lang": [row.lang for row in rows],
        "content_hash": [b"\0" * 16] * len(rows),
        "perceptual_hash": np.zeros(len(rows), np.uint64),
        "concept_ids": [[*row.concepts, *[-1] * (width - len(row.concepts))] for row in rows],
        "concept_scores": [np.full(width, row.score, np.float16) for row in rows],
        "source_key": [None] * len(rows),
        "source_record": [None] * len(rows),
    }
    return pa.table(values, schema=annotations_schema(width))


def _selection(shard: str, rows: Sequence[Row]) -> pa.Table:
    chosen = [row for row in rows if row.copies]
    return pa.table(
        {
            "key": [row.key for row in chosen],
            "shard": [shard] * len(chosen),
            "copies": [row.copies for row in chosen],
            "inclusion_probability": [1.0] * len(chosen),
        },
        schema=SELECTION,
    )


def _concepts(concepts: Sequence[tuple[str, int, int, int]]) -> pa.Table:
    names, before, random, after = zip(*concepts, strict=True) if concepts else ((), (), (), ())
    return pa.table(
        {
            "id": list(range(len(names))),
            "name": list(names),
            "lang": ["en"] * len(names),
            "count_before": list(before),
            "count_random": list(random),
            "count_after": list(after),
            "weight": [1.0] * len(names),
        },
        schema=CONCEPTS,
    )
