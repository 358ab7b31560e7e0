"""Parquet with the image's bytes in a column, as Hugging Face datasets publish it."""

from __future__ import annotations

import bisect
import itertools
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from transforms.errors import InputError
from transforms.names import decode_name
from transforms.reading.files import file_shards
from transforms.reading.formats.format import Format, Found, fill
from transforms.reading.input_shard import InputShard
from transforms.reading.raw_sample import RawSample, checked_sample, dotless, is_unsafe, unsafe_name
from transforms.reading.retried_file import RetriedFile, open_input
from transforms.reading.settings import SourceSettings
from transforms.rejects import Reason, Reject
from transforms.storage import StoragePath

#: Names under which captions are published, the commonest first.
_USUAL_CAPTIONS = ("caption", "text", "txt")
#: How images come into a file that names them only.
_EMBED = (
    "Where these are paths, put the images into the file: ds.cast_column(COLUMN, datasets.Image()), then "
    "ds.with_format('arrow').map(datasets.table.embed_table_storage, batched=True).with_format(None).to_parquet(FILE). "
    "Where they are URLs, download them with img2dataset and read its tars."
)
_BATCH_ROWS = 256  # some 25 MB of images at once
_CACHED_ROW_GROUPS = 2  # enough for reads in order of rows and for two such passes at once
#: Footers of as many files are read to count their rows, one after another.
_COUNTED_FILES = 64


def read_parquet(shard: InputShard, source: SourceSettings) -> Iterator[RawSample | Reject]:
    """Every row as one sample or one reject, row group by row group; ``member_offset`` is the row.

    The key is that of ``key_column``, dots of its last part as underscores, or the row's number in nine digits. Raises
    InputError for a file that is no Parquet, or lacks a column, or has one of another type.
    """
    with open_input(shard.path) as stream:
        if isinstance(stream, RetriedFile) and shard.limit is None:
            stream.begin()  # most of such a file is images: the first of them come while the footer is asked for
        file = open_parquet(stream, shard.path)
        _require_columns(file.schema_arrow, source, shard.path)
        columns = [source.image_column, *_text_columns(file.schema_arrow, source)]
        _require_types(file.schema_arrow, source, shard.path)
        plan_columns(stream, file.metadata, columns, shard.limit)
        seen: set[str] = set()
        row = 0
        for batch in read_batches(file, columns, shard.path):
            images = image_bytes(batch.column(source.image_column))
            captions = _texts(batch, source.caption_column)
            keys = _keys(batch, source, row)
            for key, image, caption in zip(keys, images, captions, strict=True):
                yield _sample(key, image.as_py(), caption, row, seen, source)
                row += 1


def _sample(
    source_key: str, image: bytes | None, caption: bytes | None, row: int, seen: set[str], source: SourceSettings
) -> RawSample | Reject:
    key = dotless(source_key)
    if is_unsafe(key):
        return unsafe_name(key, key)
    if key in seen:
        return Reject(key, Reason.DUPLICATE_KEY, f"row {row} has the key of an earlier row")
    seen.add(key)
    if image is None:
        return Reject(key, Reason.MISSING_IMAGE, f"row {row} has no image bytes in column {source.image_column}")
    return checked_sample(key, image, caption, row, source.caption == "required", source_key=source_key)


def open_parquet(stream: pa.NativeFile | RetriedFile, path: StoragePath) -> pq.ParquetFile:
    """Raises InputError, naming the file, when it is no Parquet or is cut short."""
    try:
        return pq.ParquetFile(stream)
    except (pa.ArrowInvalid, OSError) as error:
        raise InputError(f"{path} is no Parquet file, or is cut short: {error}") from error


def count_rows(path: StoragePath) -> int:
    """Rows of a file, from its footer. Raises InputError for no Parquet."""
    with path.open_random() as stream:
        return int(open_parquet(stream, path).metadata.num_rows)


def _refuse_paths(shard: InputShard, source: SourceSettings) -> None:
    """Raises InputError where the first rows of the image column hold paths and not one of them bytes."""
    path = shard.path
    with path.open_random() as stream:
        file = open_parquet(stream, path)
        _require_columns(file.schema_arrow, source, path)
        batch = next(read_batches(file, [source.image_column], path), None)
    if batch is None:
        return
    images = batch.column(source.image_column)
    if len(images) and image_bytes(images).null_count == len(images) and (known := _paths(images)):
        raise InputError(
            f"{path}: the first {len(images)} rows of column {source.image_column} hold paths and no bytes, such as "
            f"{known[0]!r}. {_EMBED}"
        )


def _paths(column: pa.Array) -> list[str]:
    """What stands beside the bytes of an image, where anything does."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if not pa.types.is_struct(column.type) or column.type.get_field_index("path") < 0:
        return []
    return [str(path) for path in pc.struct_field(column, "path").drop_null().to_pylist()]


def _guess_columns(found: Found) -> dict[str, str]:
    """``image_column`` and ``caption_column`` of a file that was not described, as far as its schema tells them.

    The usual name where there is such a column, else the only one with image bytes. Raises InputError for no Parquet.
    """
    with found.first.open_random() as stream:
        schema = open_parquet(stream, found.first).schema_arrow
    guessed = {}
    with_bytes = [field.name for field in schema if is_binary(_bytes_type(field.type))]
    if len(with_bytes) == 1 or "image" in with_bytes:
        guessed["image_column"] = "image" if "image" in with_bytes else with_bytes[0]
    if captions := [name for name in _USUAL_CAPTIONS if name in schema.names]:
        guessed["caption_column"] = captions[0]
    return guessed


def plan_columns(
    stream: pa.NativeFile | RetriedFile, metadata: pq.FileMetaData, columns: Sequence[str], limit: int | None = None
) -> None:
    """Say which stretches of a file in a store will be read: these columns, row group by row group.

    Nothing where only the first ``limit`` samples are wanted.
    """
    if isinstance(stream, RetriedFile) and limit is None:
        stream.plan(_stretches(metadata, columns))


def _stretches(metadata: pq.FileMetaData, columns: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Where the chunks of columns begin and end, in order of the file."""
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        chunks = (group.column(index) for index in range(group.num_columns))
        for chunk in chunks:
            path = chunk.path_in_schema
            if any(path == name or path.startswith(f"{name}.") for name in columns):
                begin = chunk.data_page_offset
                if chunk.has_dictionary_page and 0 < chunk.dictionary_page_offset < begin:
                    begin = chunk.dictionary_page_offset
                yield begin, begin + chunk.total_compressed_size


def read_batches(
    file: pq.ParquetFile, columns: list[str], path: StoragePath, batch_rows: int = _BATCH_ROWS
) -> Iterator[pa.RecordBatch]:
    """Raises InputError, naming the file, for damaged pages."""
    try:
        yield from file.iter_batches(batch_size=batch_rows, columns=columns, use_threads=False)
    except (pa.ArrowInvalid, OSError) as error:
        raise InputError(f"{path} is damaged: {error}") from error


def image_bytes(column: pa.Array) -> pa.Array:
    """(N,) struct{bytes, path} or binary, plain or dictionary-encoded → (N,) binary; null where there are none."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_struct(column.type):
        column = pc.struct_field(column, "bytes")
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    return column


def _text_columns(schema: pa.Schema, source: SourceSettings) -> list[str]:
    return [name for name in (source.caption_column, source.key_column) if name is not None and name in schema.names]


def _require_columns(schema: pa.Schema, source: SourceSettings, path: StoragePath) -> None:
    caption_column = source.caption_column if source.caption == "required" else None
    for name in (source.image_column, caption_column, source.key_column):
        if name is not None and name not in schema.names:
            raise InputError(
                f"{path} has no column {name}; it has {', '.join(schema.names)}. Name the right one by image_column, "
                "caption_column or key_column of the source." + _of_urls(schema)
            )
    for name in (source.image_column, *_text_columns(schema, source)):
        if (times := schema.names.count(name)) > 1:
            raise InputError(f"{path} has {times} columns of the name {name}: which is meant? Rename the others.")


def _of_urls(schema: pa.Schema) -> str:
    """What to do with a list of images to download."""
    found = [field.name for field in schema if "url" in field.name.lower() and not is_binary(_bytes_type(field.type))]
    if not found:
        return ""
    return f" If {found[0]} says where images are to be had: download them by img2dataset, and read its tars."


def _require_types(schema: pa.Schema, source: SourceSettings, path: StoragePath) -> None:
    image = _bytes_type(schema.field(source.image_column).type)
    if not is_binary(image):
        remedy = f" {_EMBED}" if is_string(image) else ""
        raise InputError(
            f"{path}: column {source.image_column} holds {image}; binary or struct<bytes, path> is read.{remedy}"
        )
    for name in _text_columns(schema, source):
        text = _plain(schema.field(name).type)
        is_number = pa.types.is_integer(text) and name == source.key_column
        if not (is_binary(text) or is_string(text) or is_number):
            raise InputError(f"{path}: column {name} holds {text}; text is read")


def _bytes_type(column_type: pa.DataType) -> pa.DataType:
    """The type of what :func:`image_bytes` gives of a column, where it gives anything."""
    image = _plain(column_type)
    if pa.types.is_struct(image) and image.get_field_index("bytes") >= 0:
        image = _plain(image.field("bytes").type)
    return image


def _plain(column_type: pa.DataType) -> pa.DataType:
    return column_type.value_type if pa.types.is_dictionary(column_type) else column_type


def is_binary(column_type: pa.DataType) -> bool:
    return bool(pa.types.is_binary(column_type) or pa.types.is_large_binary(column_type))


def is_string(column_type: pa.DataType) -> bool:
    return bool(pa.types.is_string(column_type) or pa.types.is_large_string(column_type))


def _texts(batch: pa.RecordBatch, name: str | None) -> list[bytes | None]:
    """A column as bytes, so that text which is not UTF-8 is one bad sample and not the end of the batch."""
    if name is None or name not in batch.schema.names:
        return [None] * batch.num_rows
    column = batch.column(name)
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_integer(column.type):
        column = column.cast(pa.large_string())
    return list(column.cast(pa.large_binary()).to_pylist())


def _keys(batch: pa.RecordBatch, source: SourceSettings, first_row: int) -> list[str]:
    keys = _texts(batch, source.key_column)
    return [decode_name(key) if key else f"{row:09d}" for row, key in enumerate(keys, start=first_row)]


class ParquetRows:
    """The values of one column by their row; the last row groups are kept."""

    def __init__(self, path: StoragePath, column: str) -> None:
        self._path = path
        self._stream = open_input(path)
        self._file = open_parquet(self._stream, path)
        self._column = column
        metadata = self._file.metadata
        rows = (metadata.row_group(group).num_rows for group in range(metadata.num_row_groups))
        self._first_rows = list(itertools.accumulate(rows, initial=0))  # one more than there are groups
        self._groups: OrderedDict[int, pa.ChunkedArray] = OrderedDict()

    def value(self, row: int) -> Any:
        """Raises IndexError where the file has no such row."""
        group = bisect.bisect_right(self._first_rows, row) - 1
        if group >= len(self._first_rows) - 1:
            raise IndexError(row)
        return self._row_group(group)[row - self._first_rows[group]].as_py()

    def _row_group(self, group: int) -> pa.ChunkedArray:
        if group not in self._groups:
            try:
                table = self._file.read_row_group(group, columns=[self._column], use_threads=False)
            except (pa.ArrowInvalid, OSError) as error:
                raise InputError(f"{self._path}: row group {group} is damaged: {error}") from error
            column = table.column(self._column)
            self._groups[group] = pa.chunked_array([image_bytes(chunk) for chunk in column.chunks])
            while len(self._groups) > _CACHED_ROW_GROUPS:
                self._groups.popitem(last=False)
        self._groups.move_to_end(group)
        return self._groups[group]

    def close(self) -> None:
        self._stream.close()


class _ParquetImages:
    """Images by their row."""

    takes_turns = True

    def __init__(self, shard: InputShard, source: SourceSettings) -> None:
        self._rows = ParquetRows(shard.path, source.image_column)

    def read_into(self, member_offset: int, target: memoryview) -> int:
        return fill(target, self._rows.value(member_offset) or b"")

    def close(self) -> None:
        self._rows.close()


def _most_samples(shards: Sequence[InputShard]) -> int | None:
    return sum(count_rows(shard.path) for shard in shards) if len(shards) <= _COUNTED_FILES else None


PARQUET = Format(
    about="image bytes in a column",
    endings=(".parquet",),
    cut=file_shards,
    guess=_guess_columns,
    read=read_parquet,
    open_images=_ParquetImages,
    decodes_groups=lambda _: True,
    offsets_are_bytes=False,
    most_samples=_most_samples,
    is_counted=True,
    check=_refuse_paths,
)
