"""The vocabulary at rest: what its folder in a run holds, written once, and checked whenever it is read.

vocabulary/vocabulary.parquet   id, name, lang, source, type; version and fingerprint in its footer
vocabulary/embeddings.npy       (V, D) float32, rows of length 1: the mean over the prompts of each concept
vocabulary/index.faiss          of an approximate index alone: as FAISS writes it
vocabulary/hubs.npy             of hub correction alone: (V, 2) float32, the median and the spread of each concept
vocabulary/groups.parquet       where concepts are grouped alone: a row a concept, the id that stands for its group
vocabulary/meta.json            fingerprint, encoder, V (concepts), D (width), the xxh3-64 of embeddings.npy, and of the
                                index how it was built and measured

Light, because balancing and exporting read names here: neither the encoder nor a search library is imported.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import xxhash
from numpy.typing import NDArray

from concept_vocab.vocabulary import SCHEMA
from transforms.arrays_at_rest import as_array, read_mapped, write_array, write_rows
from transforms.at_rest import OLDER_VERSIONS, check_fingerprint, damaged, read_json, shaped, version_of_run
from transforms.datasets import read_table, write_table
from transforms.run_folder import RunFolder

_TABLE, _EMBEDDINGS, _META = "vocabulary.parquet", "embeddings.npy", "meta.json"
_INDEX, _HUBS, _GROUPS = "index.faiss", "hubs.npy", "groups.parquet"
_GROUP = pa.schema([("group", pa.int32())])


@dataclass(frozen=True)
class AboutIndex:
    """What meta.json says of an index: how it was built, and what share of the ``nearest`` that exact search finds it
    found too for ``queries`` images."""

    kind: str
    factory: str
    parameters: str
    recall: float
    nearest: int
    queries: int


@dataclass(frozen=True)
class StoredIndex:
    """An index as FAISS writes it."""

    data: memoryview
    about: AboutIndex


@dataclass(frozen=True)
class _OfEmbeddings:
    """Which file is meant, and of which embeddings it was made."""

    xxh3: str
    embeddings_xxh3: str


@dataclass(frozen=True)
class _Meta:
    """What meta.json says beside the fingerprint."""

    concepts: int
    width: int
    encoder: dict[str, Any]
    embeddings_xxh3: str | None = None  # of the whole file; runs of format version 1 have none
    prompts: str | None = None
    index: dict[str, Any] | None = None
    hubs_xxh3: str | None = None
    groups: int | None = None


@dataclass(frozen=True)
class Searched:
    """What images are compared with, beside the embeddings: an index that was built of them; hubs (V, 2), the median
    and the spread of each concept; and groups (V,), the row that stands for all of its meaning. None: there is none."""

    index: StoredIndex | None = None
    hubs: NDArray[np.float32] | None = None
    groups: NDArray[np.int32] | None = None


def save_vocabulary(
    folder: RunFolder, concepts: pa.Table, embeddings: NDArray[np.float32], encoder: dict[str, Any]
) -> None:
    """All of it at once, with no more than the embeddings to search."""
    write_concepts(folder, concepts)
    write_embeddings(folder, embeddings.shape, [embeddings])
    finish_vocabulary(folder, encoder)


def write_concepts(folder: RunFolder, concepts: pa.Table) -> None:
    write_table(folder.vocabulary / _TABLE, concepts.select(SCHEMA.names).cast(SCHEMA), folder.fingerprint)


def write_embeddings(folder: RunFolder, shape: tuple[int, int], blocks: Iterable[NDArray[np.float32]]) -> None:
    """Block by block, so that memory holds one of them."""
    write_rows(folder.vocabulary / _EMBEDDINGS, shape, blocks)


def read_written(folder: RunFolder) -> NDArray[np.float32]:
    """The embeddings, of a vocabulary that is not finished."""
    path = folder.vocabulary / _EMBEDDINGS
    return as_array(path, read_mapped(path)).astype(np.float32, copy=False)


def finish_vocabulary(
    folder: RunFolder, encoder: dict[str, Any], prompts: str | None = None, searched: Searched = Searched()
) -> None:
    """meta.json, last, as it says that the other files are complete. ``prompts``: the fingerprint of those that
    concepts were embedded in."""
    path = folder.vocabulary / _EMBEDDINGS
    data = read_mapped(path)
    concepts, width = as_array(path, data).shape
    meta: dict[str, Any] = {
        "embeddings_xxh3": xxhash.xxh3_64_hexdigest(data),
        "fingerprint": folder.fingerprint,
        "encoder": encoder,
        "concepts": concepts,
        "width": width,
    }
    if prompts is not None:
        meta["prompts"] = prompts
    if (index := searched.index) is not None:
        with (folder.vocabulary / _INDEX).atomic_writer() as stream:
            stream.write(index.data)
        of = _OfEmbeddings(xxhash.xxh3_64_hexdigest(index.data), meta["embeddings_xxh3"])
        meta["index"] = {**asdict(index.about), **asdict(of)}
    if searched.hubs is not None:
        meta["hubs_xxh3"] = write_array(folder.vocabulary / _HUBS, searched.hubs)
    if searched.groups is not None:
        write_table(folder.vocabulary / _GROUPS, pa.table([searched.groups], schema=_GROUP), folder.fingerprint)
        meta["groups"] = len(np.unique(searched.groups))
    (folder.vocabulary / _META).write_text(json.dumps(meta, indent=2, sort_keys=True) + "\n")


def read_concepts(folder: RunFolder, columns: Sequence[str] = tuple(SCHEMA.names)) -> pa.Table:
    """One row a concept, its id the number of the row; raises RunFolderError where that is not so."""
    path = folder.vocabulary / _TABLE
    table = read_table(path, folder.fingerprint, list(dict.fromkeys(["id", *columns])))
    if not np.array_equal(table["id"].to_numpy(), np.arange(len(table))):
        raise damaged(path, f"does not hold the ids 0 to {len(table) - 1} in order, one a row")
    return table.select(list(columns))


def read_embeddings(folder: RunFolder) -> NDArray[np.float32]:
    """(V, D) float32, mapped where they lie on a disk; raises RunFolderError where the folder's files do not agree."""
    meta, rows = _read_meta(folder), read_concepts(folder, ["id"]).num_rows
    path = folder.vocabulary / _EMBEDDINGS
    data = read_mapped(path)
    embeddings = as_array(path, data)
    shape = (meta.concepts, meta.width)
    if embeddings.dtype != np.float32 or embeddings.shape != shape:
        raise damaged(path, f"holds {embeddings.dtype} {embeddings.shape}, {_META} says float32 {shape}")
    is_unsummed = meta.embeddings_xxh3 is None and version_of_run(path) in OLDER_VERSIONS
    if not is_unsummed and xxhash.xxh3_64_hexdigest(data) != meta.embeddings_xxh3:
        raise damaged(path, f"has another checksum than {_META} says")
    if rows != len(embeddings):
        raise damaged(path, f"has {len(embeddings)} rows, {_TABLE} has {rows}")
    return embeddings.astype(np.float32, copy=False)


def read_index(folder: RunFolder) -> StoredIndex | None:
    """None of an exact one; raises RunFolderError for one that is damaged, or was made of other embeddings."""
    meta = _read_meta(folder)
    if meta.index is None:
        return None
    path, about = folder.vocabulary / _INDEX, folder.vocabulary / _META
    own = _OfEmbeddings.__dataclass_fields__
    of = shaped(about, {name: meta.index.get(name) for name in own}, _OfEmbeddings)
    found = shaped(about, {name: value for name, value in meta.index.items() if name not in own}, AboutIndex)
    data = read_mapped(path)
    if xxhash.xxh3_64_hexdigest(data) != of.xxh3:
        raise damaged(path, f"has another checksum than {_META} says")
    if of.embeddings_xxh3 != meta.embeddings_xxh3:
        raise damaged(path, f"is an index of other embeddings than {_EMBEDDINGS}: of another encoder or vocabulary")
    return StoredIndex(data, found)


def read_hubs(folder: RunFolder) -> NDArray[np.float32] | None:
    """(V, 2); None where hubs are not corrected. Raises RunFolderError for a file that is damaged."""
    meta = _read_meta(folder)
    if meta.hubs_xxh3 is None:
        return None
    path = folder.vocabulary / _HUBS
    data = read_mapped(path)
    if xxhash.xxh3_64_hexdigest(data) != meta.hubs_xxh3:
        raise damaged(path, f"has another checksum than {_META} says")
    return as_array(path, data).astype(np.float32, copy=False)


def read_groups(folder: RunFolder) -> NDArray[np.int64] | None:
    """(V,) ids; None where no concepts are grouped. Raises RunFolderError for a file that is damaged."""
    meta = _read_meta(folder)
    if meta.groups is None:
        return None
    path = folder.vocabulary / _GROUPS
    groups = np.asarray(read_table(path, folder.fingerprint, ["group"])["group"].to_numpy(), np.int64)
    if len(groups) != meta.concepts or len(np.unique(groups)) != meta.groups:
        raise damaged(path, f"holds {len(groups)} rows, {_META} says {meta.concepts} in {meta.groups} groups")
    return groups


def read_prompts(folder: RunFolder) -> str | None:
    """The fingerprint of the prompts; None where it was not noted."""
    return _read_meta(folder).prompts


def _read_meta(folder: RunFolder) -> _Meta:
    path = folder.vocabulary / _META
    values = read_json(path)
    check_fingerprint(path, values.get("fingerprint"), folder.fingerprint)
    return shaped(path, values, _Meta)
