"""The Parquet datasets of a run folder: schemas, and reading and writing one shard of them.

Every file carries its format version, the fingerprint of the settings that made it, and its counts, in the Parquet
footer; a reader that meets another version or fingerprint stops. Writing is atomic and its bytes are reproducible.

Shape legend: K concepts an image, D embedding width.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from transforms.errors import RunFolderError
from transforms.rejects import Counts, Reject
from transforms.storage import StoragePath

FORMAT_VERSION = "1"

#: Dictionaries pay for names that repeat, and cost time for numbers and keys that do not.
_REPEATING = ("source", "shard", "format", "lang", "reason")

REJECTS = pa.schema([("key", pa.string()), ("shard", pa.string()), ("reason", pa.string()), ("detail", pa.string())])

#: ``copies`` is 1 unless balance.max_copies allows more; ``inclusion_probability`` is the expected number of copies.
SELECTION = pa.schema(
    [("key", pa.string()), ("shard", pa.string()), ("copies", pa.int32()), ("inclusion_probability", pa.float64())]
)

#: One row a concept. ``count_random`` is that of a plain random selection of the same size, the baseline.
CONCEPTS = pa.schema(
    [
        ("id", pa.int32()),
        ("name", pa.string()),
        ("lang", pa.string()),
        ("count_before", pa.int64()),
        ("count_random", pa.int64()),
        ("count_after", pa.int64()),
        ("weight", pa.float64()),
    ]
)


class ShardName(NamedTuple):
    """One input shard, and so one file of annotations and one of the selection."""

    source: str
    shard: str


def annotations_schema(concepts_per_image: int, embedding_width: int | None = None) -> pa.Schema:
    """One row an image; ids of concepts by falling score, -1 where fewer than K were asked for."""
    fields = [
        ("key", pa.string()),
        ("sample_id", pa.uint64()),  # keyed.sample_ids: what every keyed draw is keyed by
        ("source", pa.string()),
        ("shard", pa.string()),
        ("member_offset", pa.int64()),  # bytes into a tar, else the row or file number in the shard
        ("member_bytes", pa.int64()),
        ("format", pa.string()),  # jpg, png or webp, by content
        ("width", pa.int32()),  # as shown: after EXIF orientation
        ("height", pa.int32()),
        ("caption", pa.string()),
        ("lang", pa.string()),
        ("content_hash", pa.binary(16)),  # xxh3-128 of the image's bytes
        ("perceptual_hash", pa.uint64()),
        ("concept_ids", pa.list_(pa.int32(), concepts_per_image)),
        ("concept_scores", pa.list_(pa.float16(), concepts_per_image)),
        ("source_key", pa.string()),  # the key as the source has it, where the reader had to change it
        ("source_record", pa.large_string()),  # JSON: what the source says of the sample; large: up to 16 MB a row
    ]
    if embedding_width is not None:
        fields.append(("embedding", pa.list_(pa.float16(), embedding_width)))
    return pa.schema(fields)


def write_table(path: StoragePath, table: pa.Table, fingerprint: str, counts: Counts | None = None) -> None:
    """Write a Parquet file atomically; the same table gives the same bytes."""
    metadata = {"format_version": FORMAT_VERSION, "fingerprint": fingerprint}
    if counts is not None:
        metadata["counts"] = json.dumps(counts.to_dict(), sort_keys=True)
    with path.atomic_writer() as stream:
        pq.write_table(
            table.replace_schema_metadata(metadata),
            stream,
            compression="zstd",
            use_dictionary=[name for name in _REPEATING if name in table.column_names],
        )


def read_metadata(path: StoragePath, fingerprint: str | None) -> dict[str, str]:
    """The footer's metadata, after checking version and fingerprint (None: any); raises RunFolderError."""
    with path.open_random() as file:
        return _checked(path, pq.read_schema(file), fingerprint)


def read_table(path: StoragePath, fingerprint: str | None, columns: Sequence[str] | None = None) -> pa.Table:
    """A whole shard (or some columns of it, in this order), after checking version and fingerprint."""
    with path.open_random() as stream:
        # read_table of pyarrow, with a look at the metadata before, takes 1.3 to 2.6 times as long (bench_shard_read)
        file = pq.ParquetFile(stream, pre_buffer=True)
        _checked(path, file.schema_arrow, fingerprint)
        table = file.read(columns, use_threads=False)
    return table if columns is None else table.select(columns)


def _checked(path: StoragePath, schema: pa.Schema, fingerprint: str | None) -> dict[str, str]:
    metadata = {
        key.decode(): value.decode() for key, value in (schema.metadata or {}).items() if key != b"ARROW:schema"
    }
    if metadata.get("format_version") != FORMAT_VERSION:
        raise RunFolderError(
            f"{path} has format version {metadata.get('format_version')}, this code reads version {FORMAT_VERSION}. "
            "Run the job again into a new folder."
        )
    if fingerprint is not None and metadata.get("fingerprint") != fingerprint:
        raise RunFolderError(
            f"{path} was made with settings {metadata.get('fingerprint')}, this run has {fingerprint}. "
            "Choose a new output folder, or go back to the settings that made this one."
        )
    return metadata


def read_counts(path: StoragePath, fingerprint: str) -> Counts:
    """The counts that a shard was written with, from its footer alone."""
    return Counts.from_dict(json.loads(read_metadata(path, fingerprint)["counts"]))


def rejects_table(shard: str, rejects: Sequence[Reject]) -> pa.Table:
    return pa.table(
        {
            "key": [reject.key for reject in rejects],
            "shard": [shard] * len(rejects),
            "reason": [str(reject.reason) for reject in rejects],
            "detail": [reject.detail for reject in rejects],
        },
        schema=REJECTS,
    )
