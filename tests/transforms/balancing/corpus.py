"""Small corpora at rest, and how often each concept stands in rows, for the tests of balancing."""

from __future__ import annotations

import pathlib

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tests.transforms.synthetic_annotations import meaningless_names, write_annotations, write_vocabulary
from transforms.balancing.concept_ids import concept_hits
from transforms.datasets import ShardName, read_table, rejects_table, write_table
from transforms.keyed import sample_ids
from transforms.rejects import Reason, Reject
from transforms.run_folder import RunFolder
from transforms.storage import StoragePath


def write_corpus(
    root: pathlib.Path,
    ids: NDArray[np.int32],
    shards: int,
    n_concepts: int,
    langs: list[str] | None = None,
    duplicates: set[int] = frozenset(),  # type: ignore[assignment]
    captions: list[str | None] | None = None,
    types: dict[str, str] | None = None,
) -> tuple[RunFolder, list[ShardName]]:
    """Rows dealt out to shards of alternating sources a and b; a row's key and id do not depend on where it lies."""
    folder = RunFolder(StoragePath.of(root), "f" * 16)
    names = [ShardName("ab"[number % 2], f"{number:03d}") for number in range(shards)]
    keys = np.array([f"k{row}" for row in range(len(ids))], dtype=object)
    identities = sample_ids("test", "test", keys)
    for number, name in enumerate(names):
        rows = np.arange(number, len(ids), shards)
        texts = {"lang": langs, "caption": captions}
        columns = {
            column: pa.array([values[row] for row in rows], pa.string())
            for column, values in texts.items()
            if values is not None
        }
        write_annotations(folder, name, list(keys[rows]), identities[rows], ids[rows], **columns)
        rejected = [Reject(keys[row], Reason.EXACT_DUPLICATE, "") for row in rows if row in duplicates]
        if rejected:
            write_table(folder.rejects("deduplicate", *name), rejects_table(name.shard, rejected), folder.fingerprint)
    write_vocabulary(folder, meaningless_names(n_concepts), types or {})
    return folder, names


def selected_copies(folder: RunFolder, names: list[ShardName]) -> dict[str, int]:
    """key → copies, of the whole selection."""
    tables = [read_table(folder.selection(*name), folder.fingerprint) for name in names]
    return {row["key"]: row["copies"] for table in tables for row in table.to_pylist()}


def random_ids(rows: int, n_concepts: int, k: int, seed: int) -> NDArray[np.int32]:
    """(rows, k) skewed concepts; about an eighth of the slots, and some whole rows, are empty."""
    random = np.random.default_rng(seed)
    ids = (n_concepts * random.random((rows, k)) ** 3).astype(np.int32)
    ids.sort(axis=1)
    ids[:, 1:][ids[:, 1:] == ids[:, :-1]] = -1
    ids[random.random(rows) < 0.05] = -1
    return ids


def count_concepts(ids: NDArray[np.int32], n_concepts: int) -> NDArray[np.int64]:
    """(N, K) ids → (V,) rows on which each concept stands."""
    return concept_hits(ids, n_concepts).dense()
