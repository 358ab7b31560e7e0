"""Filter, shard by shard: annotations in, rejects beside them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from transforms import datasets
from transforms.datasets import ShardName, read_counts
from transforms.filtering.common_captions import Captions, count_captions
from transforms.filtering.rules import Rule, columns_of, dropped
from transforms.rejects import Counts, Reject
from transforms.remaining import read_remaining
from transforms.run_folder import RunFolder
from transforms.stages import FILTER


def read_captions(folder: RunFolder, number: int, name: ShardName) -> Captions:
    """The distinct captions of a shard, counted."""
    column = read_remaining(folder, name, FILTER, ["caption"])["caption"]
    return count_captions(number, column.combine_chunks())


def done_before(folder: RunFolder, name: ShardName) -> Counts | None:
    """The counts of a shard that an earlier run of the job has filtered; None also where it had nothing to reject."""
    path = folder.rejects(FILTER.name, *name)
    return read_counts(path, folder.fingerprint) if path.exists() else None


def filter_shard(folder: RunFolder, name: ShardName, rules: Sequence[Rule]) -> Counts:
    """Write rejects/filter/… of one shard, where it has any; returns the shard's counts."""
    table = read_remaining(folder, name, FILTER, ["key", *_but_key(rules)])
    masks = dropped(rules, table)
    rows = np.flatnonzero(masks.any(axis=0))
    rejects = []
    for values, number in zip(table.take(pa.array(rows)).to_pylist(), masks[:, rows].argmax(axis=0), strict=True):
        rejects.append(Reject(values["key"], rules[number].reason, rules[number].detail(values)))
    path = folder.rejects(FILTER.name, *name)
    return datasets.write_rejects(path, name.shard, rejects, folder.fingerprint, table.num_rows - len(rejects))


def judge_shard(folder: RunFolder, name: ShardName, rules: Sequence[Rule]) -> NDArray[np.bool_]:
    """(R, N) which rule would drop which row; nothing is written."""
    return dropped(rules, read_remaining(folder, name, FILTER, ["key", *_but_key(rules)]))


def _but_key(rules: Sequence[Rule]) -> list[str]:
    return [name for name in columns_of(rules) if name != "key"]
