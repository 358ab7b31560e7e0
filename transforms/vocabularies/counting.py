"""What is counted of a source: parts to tables of counts, tables to one file a range of keys, files to counts again.

<output>/counts/<source>/<kind>-%04d.parquet   the keys of one range of hashes, with their counts, sorted
<output>/counts/<source>/counts.json           of what they were counted; written last, so it says that all are there
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from concept_vocab.sources.registry import SOURCES
from concept_vocab.sources.source import Counted, CountedSource, Options
from concept_vocab.vocabulary import VocabularyError
from concept_vocab.wikipedia.bz2_streams import Part
from transforms.checked_parquet import open_checked, write_checked
from transforms.errors import InputError, RunFolderError
from transforms.storage import StoragePath

_STATE = "counts.json"
_TOTAL = b"total"
_BYTES_A_RANGE = 256 << 20  # of compressed inputs: the keys of one range fit into memory many times over


@dataclass(frozen=True)
class CountingJob:
    """Counting of one source; ``ranges``: of keys, by their hash."""

    kind: str
    options: Options
    folder: StoragePath
    ranges: int

    @property
    def source(self) -> CountedSource:
        source = SOURCES[self.kind]
        assert isinstance(source, CountedSource)
        return source


def ranges_for(size_bytes: int) -> int:
    """How many files each kind of key is kept in: by the size of the inputs alone, so that workers change nothing."""
    return min(1 + size_bytes // _BYTES_A_RANGE, 1000)


def count_part(part: Part, job: CountingJob) -> Iterator[tuple[str, pa.Table]]:
    """Counts of a part, by the name of the file that they go into. Raises InputError for a part that is faulty."""
    try:
        for kind, table in job.source.count(part, job.options):
            hashes = [xxhash.xxh3_64_intdigest(key) for key in table[0].to_pylist()]
            ranges = np.array(hashes, np.uint64) % np.uint64(job.ranges)
            for one in np.unique(ranges):
                yield f"{kind}-{one:04d}", table.filter(pa.array(ranges == one))
    except VocabularyError as error:
        raise InputError(f"source {job.folder.name}: {error}") from error


def write_counts(name: str, tables: Iterable[pa.Table], job: CountingJob) -> str:
    """One range of keys, added up, without those too rare for anything; in its footer the sum of all."""
    kind = name.rpartition("-")[0]
    keys = list(job.source.keys[kind])
    added = pa.concat_tables(tables).group_by(keys).aggregate([("count", "sum")]).rename_columns([*keys, "count"])
    kept = added.filter(pc.greater_equal(added["count"], job.source.least_count(kind, job.options)))
    total = pc.sum(added["count"]).as_py() or 0
    ordered = kept.sort_by([(key, "ascending") for key in keys]).replace_schema_metadata({_TOTAL: str(total)})
    with (job.folder / f"{name}.parquet").atomic_writer() as stream:
        write_checked(stream, ordered)
    return name


def finish_counts(names: Sequence[str | None], job: CountingJob, counted_of: dict[str, Any]) -> None:
    """Say that all is there: the files, None aside. ``counted_of``: the inputs and settings that it was counted of."""
    state = {"files": sorted(filter(None, names)), **counted_of}
    (job.folder / _STATE).write_text(json.dumps(state, indent=2, sort_keys=True) + "\n")


def is_counted(job: CountingJob, counted_of: dict[str, Any]) -> bool:
    """Whether the folder holds the counts of just these inputs and settings."""
    path = job.folder / _STATE
    if not path.is_file():
        return False
    state = json.loads(path.read_text())
    return all(state.get(key) == value for key, value in counted_of.items())


def read_counts(job: CountingJob) -> dict[str, Counted]:
    """By kind of key. Raises RunFolderError where a file is missing or damaged."""
    names = json.loads((job.folder / _STATE).read_text())["files"]
    found = {}
    for kind, keys in job.source.keys.items():
        schema = pa.schema([*((key, pa.string()) for key in keys), ("count", pa.int64())])
        tables, total = [schema.empty_table()], 0
        for name in names:
            if name.rpartition("-")[0] == kind:
                table = _read(job.folder / f"{name}.parquet")
                total += int(table.schema.metadata[_TOTAL])
                tables.append(table.replace_schema_metadata(None).cast(schema))
        found[kind] = Counted(total, pa.concat_tables(tables))
    return found


def _read(path: StoragePath) -> pa.Table:
    try:
        with path.open_random() as stream:
            return open_checked(stream).read()
    except (OSError, pa.ArrowInvalid) as error:
        raise RunFolderError(f"{path} is missing or damaged ({error}); remove {path.parent} and build again") from error
