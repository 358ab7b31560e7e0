"""The Parquet datasets of a run folder: schemas, and reading and writing one shard of them.

Every file carries its format version, the fingerprint of the settings that made it, and its counts, in the Parquet
footer; a reader that meets another version or fingerprint, or a checksum that is not right, stops. Writing is atomic
and its bytes are reproducible.

Shape legend: K concepts an image, D embedding width.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from transforms.at_rest import FORMAT_VERSION, OLDER_VERSIONS, check_origin, damaged, parsing, version_of_run
from transforms.checked_parquet import open_checked, write_checked
from transforms.rejects import Counts, Reject
from transforms.storage import StoragePath

UNDETERMINED = "und"  # a caption's language where it was not found out: ISO 639-2's code for it

#: Dictionaries pay for names that repeat, and cost time for numbers and keys that do not.
_REPEATING = ("source", "shard", "format", "lang", "reason")

REJECTS = pa.schema([("key", pa.string()), ("shard", pa.string()), ("reason", pa.string()), ("detail", pa.string())])

#: ``copies`` is 1 unless balance.max_copies allows more; ``inclusion_probability`` is the expected number of copies, or
#: those it has where one came in by exchange, for a floor.
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

#: One row a concept: its images in selections of the same size by the published formulas.
BASELINE_COUNTS = pa.schema(
    [("id", pa.int32()), ("count_inverse_frequency", pa.int64()), ("count_metaclip", pa.int64())]
)


def balance_sample_schema(concepts_per_image: int) -> pa.Schema:
    """One row an image of the sample that ``even`` was fitted on."""
    return pa.schema(
        [
            ("concept_ids", pa.list_(pa.int32(), concepts_per_image)),
            ("stratum", pa.int64()),  # its number, in the order of the settings
            ("stands_for", pa.float64()),  # images of the corpus
        ]
    )


class ShardName(NamedTuple):
    """One input shard, and so one file of annotations and one of the selection."""

    source: str
    shard: str


def annotations_schema(
    concepts_per_image: int,
    embedding_width: int | None = None,
    caption_similarity: bool = False,
    spare_concepts: int = 0,
    concept_cosines: bool = False,
) -> pa.Schema:
    """One row an image; ids of concepts by falling score, -1 where fewer than K were asked for."""
    fields = [
        ("key", pa.string()),
        ("sample_id", pa.uint64()),  # keyed.sample_ids: what every keyed number is keyed by
        ("source", pa.string()),
        ("shard", pa.string()),
        ("member_offset", pa.int64()),  # bytes into a tar, else the row or file number in the shard
        ("member_bytes", pa.int64()),
        ("format", pa.string()),  # jpg, png, webp or tiff, by content
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
    if caption_similarity:
        fields.append(("caption_similarity", pa.float32()))  # cosine with the image; null without a caption
    if concept_cosines:  # of what was retrieved, where captions name concepts too; -1 where the caption alone does
        fields.append(("concept_cosines", pa.list_(pa.float16(), concepts_per_image)))
    if spare_concepts:  # those that come after concept_ids, as far as they are known; -1 from there on
        fields.append(("spare_concept_ids", pa.list_(pa.int32(), spare_concepts)))
    if embedding_width is not None:
        fields.append(("embedding", pa.list_(pa.float16(), embedding_width)))
    return pa.schema(fields)


#: Column → type, for all of the above.
_TYPES = {
    field.name: field.type
    for schema in (REJECTS, SELECTION, CONCEPTS, BASELINE_COUNTS, annotations_schema(1, 1, True, 1, True))
    for field in schema
}


#: What annotations of version 1 lack; null, where nothing was noted of the source.
_ADDED = ("source_key", "source_record")


def write_table(
    path: StoragePath,
    table: pa.Table,
    fingerprint: str,
    counts: Counts | None = None,
    about: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Write a Parquet file atomically; the same rows give the same bytes, however chunked. ``about`` stands in its
    footer too."""
    metadata = {**about, "format_version": FORMAT_VERSION, "fingerprint": fingerprint}
    if counts is not None:
        metadata["counts"] = json.dumps(counts.to_dict(), sort_keys=True)
    with path.atomic_writer() as stream:
        write_checked(
            stream,
            _canonical(table).replace_schema_metadata(metadata),
            compression="zstd",
            use_dictionary=[name for name in _REPEATING if name in table.column_names],
        )


def _canonical(table: pa.Table) -> pa.Table:
    """Equal for equal rows: in one chunk, and items of lists called as Arrow calls them, not as Parquet does."""
    types = (
        pa.list_(field.type.value_type, field.type.list_size) if pa.types.is_fixed_size_list(field.type) else field.type
        for field in table.schema
    )
    fields = [field.with_type(one) for field, one in zip(table.schema, types, strict=True)]
    return table.combine_chunks().cast(pa.schema(fields))


def read_metadata(path: StoragePath, fingerprint: str | None) -> dict[str, str]:
    """The footer's metadata, after checking version and fingerprint (None: any); raises RunFolderError."""
    with _reading(path), path.open_random() as file:
        return _checked(path, _open(path, file).schema_arrow, fingerprint)


def read_table(path: StoragePath, fingerprint: str | None, columns: Sequence[str] | None = None) -> pa.Table:
    """A whole shard (or some columns of it, in this order), after checking version and fingerprint.

    Raises RunFolderError naming the file, also where it is damaged or lacks a column.
    """
    with _reading(path), path.open_random() as stream:
        # read_table of pyarrow, with a look at the metadata before, takes 1.3 to 2.6 times as long (bench_shard_read)
        file = _open(path, stream)
        schema = file.schema_arrow
        version = _checked(path, schema, fingerprint)["format_version"]
        lacking = _lacking(schema, version) if columns is None or set(_ADDED) & set(columns) else ()
        wanted = None if columns is None else [name for name in columns if name not in lacking]
        _check_columns(path, schema, schema.names if wanted is None else wanted)
        table = file.read(wanted, use_threads=False)
    for name in lacking:
        table = table.append_column(name, pa.nulls(len(table), _TYPES[name]))
    return table if columns is None else table.select(columns)


def _open(path: StoragePath, stream: pa.NativeFile) -> pq.ParquetFile:
    """With checksums compared, but for a file of an older run, which may have none."""
    try:
        return open_checked(stream)
    except pa.ArrowInvalid:
        if version_of_run(path) not in OLDER_VERSIONS:
            raise
        return pq.ParquetFile(stream, pre_buffer=True)


def _lacking(schema: pa.Schema, version: str) -> tuple[str, ...]:
    """Columns that annotations of ``version`` do not hold yet."""
    if version == FORMAT_VERSION or "content_hash" not in schema.names:
        return ()
    return tuple(name for name in _ADDED if name not in schema.names)


def _check_columns(path: StoragePath, schema: pa.Schema, columns: Sequence[str]) -> None:
    """Raises RunFolderError for a column that is not there, or whose name has another type in the schemas above."""
    for name in columns:
        if name not in schema.names:
            raise damaged(path, f"lacks the column {name}: it has {', '.join(schema.names) or 'none'}")
        found, known = schema.field(name).type, _TYPES.get(name)
        if pa.types.is_fixed_size_list(found) and known is not None and pa.types.is_fixed_size_list(known):
            found, known = found.value_type, known.value_type  # of any width
        if known is not None and found != known:
            raise damaged(path, f"holds {schema.field(name).type} in its column {name}")


@contextlib.contextmanager
def _reading(path: StoragePath) -> Iterator[None]:
    """Names the file in whatever Arrow raises on one that it cannot open or decode."""
    try:
        yield
    except FileNotFoundError as error:
        raise damaged(path, "is missing") from error
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise damaged(path, f"cannot be read as Parquet: {error}") from error


def _checked(path: StoragePath, schema: pa.Schema, fingerprint: str | None) -> dict[str, str]:
    metadata = {
        key.decode(): value.decode() for key, value in (schema.metadata or {}).items() if key != b"ARROW:schema"
    }
    check_origin(path, metadata.get("format_version"), metadata.get("fingerprint"), fingerprint, older_too=True)
    return metadata


def read_counts(path: StoragePath, fingerprint: str) -> Counts:
    """The counts that a shard was written with, from its footer alone."""
    metadata = read_metadata(path, fingerprint)
    if "counts" not in metadata:
        raise damaged(path, "holds no counts in its footer")
    with parsing(path):
        return Counts.from_dict(json.loads(metadata["counts"]))


def list_matrix(column: pa.ChunkedArray) -> NDArray[Any]:
    """A column of N fixed-size lists without nulls → (N, K), without a copy where it is one chunk."""
    array = column.combine_chunks()
    matrix: NDArray[Any] = array.flatten().to_numpy(zero_copy_only=True).reshape(len(array), column.type.list_size)
    return matrix


def write_rejects(
    path: StoragePath, shard: str, rejects: Sequence[Reject], fingerprint: str, rows_out: int = 0, made: int = 0
) -> Counts:
    """Write the rejects of a shard that let ``rows_out`` rows through, ``made`` of them anew, and return its counts.

    Without a reject there is no file: one of an earlier attempt, over input that has been mended since, is deleted.
    """
    counts = Counts.of(rows_out, rejects, made)
    if rejects:
        write_table(path, rejects_table(shard, rejects), fingerprint, counts)
    elif path.is_file():
        path.delete()
    return counts


def rejects_table(shard: str, rejects: Sequence[Reject]) -> pa.Table:
    return pa.table(
        {
            "key": [_writable(reject.key) for reject in rejects],
            "shard": [shard] * len(rejects),
            "reason": [str(reject.reason) for reject in rejects],
            "detail": [_writable(reject.detail) for reject in rejects],
        },
        schema=REJECTS,
    )


def _writable(text: str) -> str:
    """Lone surrogates, as bad input holds them, written as escapes: there is no UTF-8 for them."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()
