"""The vocabulary at rest: what its folder in a run holds, written once, and checked whenever it is read.

vocabulary/vocabulary.parquet   id, name, lang, source, type; version and fingerprint in its footer
vocabulary/embeddings.npy       (V, D) float32, rows of length 1: the mean over the prompts of each concept
vocabulary/meta.json            fingerprint, encoder, V (concepts), D (width), and the xxh3-64 of embeddings.npy

Light, because balancing and exporting read names here: neither the encoder nor a search library is imported.
"""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import xxhash
from numpy.typing import NDArray

from concept_vocab.vocabulary import SCHEMA
from transforms.at_rest import (
    OLDER_VERSIONS,
    check_fingerprint,
    damaged,
    read_data,
    read_json,
    shaped,
    version_of_run,
)
from transforms.datasets import read_table, write_table
from transforms.run_folder import RunFolder

_TABLE, _EMBEDDINGS, _META = "vocabulary.parquet", "embeddings.npy", "meta.json"


@dataclass(frozen=True)
class _Meta:
    """What meta.json says beside the fingerprint."""

    concepts: int
    width: int
    encoder: dict[str, Any]
    embeddings_xxh3: str | None = None  # of the whole file; runs of format version 1 have none


def save_vocabulary(
    folder: RunFolder, concepts: pa.Table, embeddings: NDArray[np.float32], encoder: dict[str, Any]
) -> None:
    """Write the three files; meta.json last, as it says that the others are complete."""
    write_table(folder.vocabulary / _TABLE, concepts.select(SCHEMA.names).cast(SCHEMA), folder.fingerprint)
    buffer = io.BytesIO()
    np.save(buffer, embeddings)
    data = buffer.getvalue()
    (folder.vocabulary / _EMBEDDINGS).write_bytes(data)
    meta = {
        "embeddings_xxh3": xxhash.xxh3_64_hexdigest(data),
        "fingerprint": folder.fingerprint,
        "encoder": encoder,
        "concepts": concepts.num_rows,
        "width": int(embeddings.shape[1]),
    }
    (folder.vocabulary / _META).write_text(json.dumps(meta, indent=2, sort_keys=True) + "\n")


def copy_vocabulary(reused: RunFolder, folder: RunFolder) -> int:
    """Take over another run's vocabulary; returns the number of concepts."""
    concepts = read_concepts(reused)
    save_vocabulary(folder, concepts, read_embeddings(reused), _read_meta(reused).encoder)
    return int(concepts.num_rows)


def read_concepts(folder: RunFolder, columns: Sequence[str] = tuple(SCHEMA.names)) -> pa.Table:
    """One row a concept, its id the number of the row; raises RunFolderError where that is not so."""
    path = folder.vocabulary / _TABLE
    table = read_table(path, folder.fingerprint, list(dict.fromkeys(["id", *columns])))
    if not np.array_equal(table["id"].to_numpy(), np.arange(len(table))):
        raise damaged(path, f"does not hold the ids 0 to {len(table) - 1} in order, one a row")
    return table.select(list(columns))


def read_embeddings(folder: RunFolder) -> NDArray[np.float32]:
    """(V, D) float32; raises RunFolderError where the folder's three files do not agree."""
    meta, rows = _read_meta(folder), read_concepts(folder, ["id"]).num_rows
    path = folder.vocabulary / _EMBEDDINGS
    data = read_data(path)
    try:
        embeddings = np.load(io.BytesIO(data), allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise damaged(path, f"cannot be read: {error}") from error
    shape = (meta.concepts, meta.width)
    if not isinstance(embeddings, np.ndarray) or embeddings.dtype != np.float32 or embeddings.shape != shape:
        found = f"{embeddings.dtype} {embeddings.shape}" if isinstance(embeddings, np.ndarray) else "no array"
        raise damaged(path, f"holds {found}, {_META} says float32 {shape}")
    is_unsummed = meta.embeddings_xxh3 is None and version_of_run(path) in OLDER_VERSIONS
    if not is_unsummed and xxhash.xxh3_64_hexdigest(data) != meta.embeddings_xxh3:
        raise damaged(path, f"has another checksum than {_META} says")
    if rows != len(embeddings):
        raise damaged(path, f"has {len(embeddings)} rows, {_TABLE} has {rows}")
    return embeddings


def _read_meta(folder: RunFolder) -> _Meta:
    path = folder.vocabulary / _META
    values = read_json(path)
    check_fingerprint(path, values.get("fingerprint"), folder.fingerprint)
    return shaped(path, values, _Meta)
