"""Parquet of documents, as OBELICS and the HTML part of MINT-1T publish theirs: a row a document.

Columns ``images`` (list of URLs) and ``texts`` have one length, each null where the other stands. Where they are there,
``metadata`` is JSON, a list of that length, with ``alt_text`` among what it says of an image, and
``general_metadata`` JSON on the document. The images themselves are not published: they are read from tars of downloads
(:mod:`transforms.reading.formats.downloads`), or from a column with a list of that length, of their bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from transforms.bounded_json import decode
from transforms.errors import InputError
from transforms.reading.document import POSITION_BITS, Document, image_key
from transforms.reading.files import file_shards
from transforms.reading.formats.downloads import DownloadedImages, cut_with_downloads, read_downloads
from transforms.reading.formats.format import Format, Found, StoredImages, fill
from transforms.reading.formats.parquet import (
    ParquetRows,
    is_binary,
    is_string,
    open_parquet,
    plan_columns,
    read_batches,
)
from transforms.reading.input_shard import InputShard
from transforms.reading.raw_sample import RawSample, checked_sample
from transforms.reading.retried_file import open_input
from transforms.reading.settings import SourceSettings
from transforms.rejects import Reason, Reject
from transforms.storage import StoragePath, StoredFile

_IMAGES, _TEXTS, _METADATA, _GENERAL = "images", "texts", "metadata", "general_metadata"
_BATCH_ROWS = 64  # of documents, which have several images each


def _read(shard: InputShard, source: SourceSettings) -> Iterator[RawSample | Reject]:
    """Every image that a document names as one sample or one reject; the key is the row and the position in it."""
    if source.document_images == "tars":
        documents = _documents(shard.file(shard.files[0]), None, shard.limit)
        yield from read_downloads(shard, source, (document for document, _ in documents))
        return
    for document, stored in _documents(shard.path, source.image_column, shard.limit):
        yield from [document] if isinstance(document, Reject) else _images(document, stored, source)


def _images(document: Document, stored: list[Any], source: SourceSettings) -> Iterator[RawSample | Reject]:
    """``member_offset`` is the row, in the higher bits, and the position in it."""
    for position in document.positions:
        key = image_key(document.name, position)
        image = _bytes(stored[position])
        if image is None:
            detail = f"no image bytes at position {position} of column {source.image_column}"
            yield Reject(key, Reason.MISSING_IMAGE, detail)
            continue
        offset = (int(document.name) << POSITION_BITS) + position
        caption, record = document.caption(position, source), document.record(position)
        yield checked_sample(key, image, caption, offset, source.caption == "required", record)


def _documents(
    path: StoragePath, column: str | None, limit: int | None
) -> Iterator[tuple[Document | Reject, list[Any]]]:
    """Each row, with its list in the column of images; a row that cannot be taken apart is a reject."""
    with open_input(path) as stream:
        file = open_parquet(stream, path)
        _require_lists(file.schema_arrow, column, path)
        wanted = dict.fromkeys((_IMAGES, _TEXTS, _METADATA, _GENERAL, column))
        columns = [name for name in wanted if name is not None and name in file.schema_arrow.names]
        plan_columns(stream, file.metadata, columns, limit)
        row = 0
        for batch in read_batches(file, columns, path, _BATCH_ROWS):
            read = {name: _values(batch.column(name)) for name in columns}
            for index in range(batch.num_rows):
                values = {name: read[name][index] for name in columns}
                yield _document(f"{row:09d}", values, column), (values[column] if column else None) or []
                row += 1


def _document(name: str, values: Mapping[str, Any], column: str | None) -> Document | Reject:
    texts = [_text(item) for item in values[_TEXTS] or []]
    stored = values[column] or [] if column else None
    images = (
        [_path(item) for item in stored or []] if column == _IMAGES else [_text(url) for url in values[_IMAGES] or []]
    )
    if not len(texts) == len(images) == len(images if stored is None else stored) < 1 << POSITION_BITS:
        detail = f"{len(texts)} texts, {len(images)} images" + (f", {len(stored)} of {column}" if stored else "")
        return Reject(name, Reason.MALFORMED_RECORD, f"its lists are not of one length: {detail}")
    metadata = _json(values.get(_METADATA))
    if not isinstance(metadata, list) or len(metadata) != len(images):
        metadata = [None] * len(images)
    return Document(name, texts, images, metadata, _json(values.get(_GENERAL)))


def _text(item: bytes | None) -> str | None:
    """Bytes that are not UTF-8 as lone surrogates, so that the samples they belong to are rejected."""
    return None if item is None else item.decode("utf-8", "surrogateescape")


def _path(stored: Any) -> str | None:
    """The name of an image that has no URL: what stands beside its bytes, if anything."""
    if _bytes(stored) is None:
        return None
    return str(stored.get("path") or "") if isinstance(stored, dict) else ""


def _json(text: bytes | None) -> Any:
    """What cannot be read is no reason to drop images."""
    try:
        return None if text is None else decode(text.decode("utf-8"))
    except ValueError:
        return None


def _bytes(stored: Any) -> bytes | None:
    found = stored.get("bytes") if isinstance(stored, dict) else stored
    return found if isinstance(found, bytes) else None


def _values(column: pa.Array) -> list[Any]:
    """Texts as bytes, so that one which is not UTF-8 is one bad sample and not the end of the batch."""
    if is_string(column.type):
        column = column.cast(pa.large_binary())
    elif _is_list(column.type) and is_string(column.type.value_type):
        column = column.cast(pa.large_list(pa.large_binary()))
    return list(column.to_pylist())


def _require_lists(schema: pa.Schema, column: str | None, path: StoragePath) -> None:
    """Raises InputError for a column that is absent or holds something else."""
    wanted: dict[str, tuple[Callable[[pa.DataType], bool], str]] = {
        _TEXTS: (is_string, "texts"),
        _IMAGES: (is_string, "URLs"),
    }
    if column is not None:
        wanted[column] = (_holds_bytes, "binary or struct<bytes, path>")
    for name, (holds, what) in wanted.items():
        if schema.names.count(name) != 1:
            raise InputError(f"{path} has {schema.names.count(name)} columns {name}; it has {', '.join(schema.names)}")
        kind = schema.field(name).type
        if not (_is_list(kind) and holds(kind.value_type)):
            raise InputError(f"{path}: column {name} holds {kind}; a list of {what} is read")


def _holds_bytes(kind: pa.DataType) -> bool:
    if pa.types.is_struct(kind) and kind.get_field_index("bytes") >= 0:
        kind = kind.field("bytes").type
    return bool(is_binary(kind))


def _is_list(kind: pa.DataType) -> bool:
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind))


def _cut(source: SourceSettings, files: Sequence[StoredFile], files_per_shard: int) -> list[InputShard]:
    cut = file_shards if source.document_images == "column" else cut_with_downloads
    return cut(source, files, files_per_shard)


def _guess(found: Found) -> Mapping[str, str] | None:
    """By the columns: documents have lists of texts, and where the images stand beside them, lists of bytes."""
    try:
        with found.first.open_random() as stream:
            schema = open_parquet(stream, found.first).schema_arrow
    except InputError:
        return None
    if not {_TEXTS, _IMAGES} <= set(schema.names) or not _is_list(schema.field(_TEXTS).type):
        return None
    with_bytes = [field.name for field in schema if _is_list(field.type) and _holds_bytes(field.type.value_type)]
    return {"document_images": "column", "image_column": with_bytes[0]} if with_bytes else {}


class _ColumnImages:
    """Images by the row of their document and the position in it."""

    takes_turns = True

    def __init__(self, shard: InputShard, source: SourceSettings) -> None:
        self._rows = ParquetRows(shard.path, source.image_column)

    def read_into(self, member_offset: int, target: memoryview) -> int:
        row, position = divmod(member_offset, 1 << POSITION_BITS)
        return fill(target, _bytes((self._rows.value(row) or [])[position]) or b"")

    def close(self) -> None:
        self._rows.close()


def _open_images(shard: InputShard, source: SourceSettings) -> StoredImages:
    return _ColumnImages(shard, source) if source.document_images == "column" else DownloadedImages(shard)


INTERLEAVED_PARQUET = Format(
    about="documents, a row of texts and images each",
    endings=(".parquet",),
    cut=_cut,
    guess=_guess,
    read=_read,
    open_images=_open_images,
    decodes_groups=lambda source: source.document_images == "column",
    offsets_are_bytes=False,
    most_samples=lambda _: None,
    is_counted=False,
)
