"""Rendered rows → the files of a source: JSON, JSON Lines, Parquet or tars, and a folder of images beside them."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from transforms.miniature.instruct.faults import Fault
from transforms.miniature.instruct.records import record_of
from transforms.miniature.instruct.rendering import Image, Rendered
from transforms.miniature.instruct.sources import FileFormat, Shape, Source
from transforms.storage import StoragePath

#: Rows of one file.
ROWS_PER_FILE = {FileFormat.JSON: 3_000, FileFormat.JSONL: 3_000, FileFormat.PARQUET: 500, FileFormat.TAR: 200}

_IMAGES = pa.list_(pa.struct([("bytes", pa.binary()), ("path", pa.string())]))
_TURNS = {
    Shape.MESSAGES: ("messages", ("role", "content")),
    Shape.CONVERSATIONS: ("conversations", ("from", "value")),
    Shape.TEXTS: ("texts", ("user", "assistant", "source")),
}


def file_name(source: Source, position: int) -> str:
    """The file that row ``position`` of the source stands in."""
    return f"part-{position // ROWS_PER_FILE[source.file_format]:05d}.{source.file_format}"


def write_source(folder: StoragePath, source: Source, rows: list[Rendered]) -> None:
    """All files of one source. The same bytes for the same rows."""
    step = ROWS_PER_FILE[source.file_format]
    beside = source.file_format in (FileFormat.JSON, FileFormat.JSONL)
    if beside:
        _write_images(folder, rows)
    for first in range(0, len(rows), step):
        part = rows[first : first + step]
        (folder / file_name(source, first)).write_bytes(_WRITERS[source.file_format](source, part, first))


def _write_images(folder: StoragePath, rows: list[Rendered]) -> None:
    """Each once, however many rows show it."""
    found = {image.name: image.data for row in rows for image in row.images}
    for name, data in sorted(found.items()):
        if data is not None:
            (folder / f"images/{name}").write_bytes(data)


def _records(source: Source, rows: list[Rendered], first: int) -> Iterator[tuple[Rendered, dict[str, Any]]]:
    for position, rendered in enumerate(rows, start=first):
        record = record_of(source.shape, rendered.row, rendered.turns, [f"images/{i.name}" for i in rendered.images])
        yield rendered, {**_identity(source, position), **record}


def _identity(source: Source, position: int) -> dict[str, Any]:
    """Each shape has its own name for it; captions and alpaca have none."""
    if source.shape in (Shape.CAPTION, Shape.ALPACA, Shape.TEXTS):
        return {}
    if source.shape is Shape.VQA:
        return {"question_id": position}
    return {"id": f"{source.name}-{position:06d}"}


def _json(source: Source, rows: list[Rendered], first: int) -> bytes:
    return (json.dumps([record for _, record in _records(source, rows, first)], ensure_ascii=True) + "\n").encode()


def _jsonl(source: Source, rows: list[Rendered], first: int) -> bytes:
    lines = []
    for rendered, record in _records(source, rows, first):
        broken = rendered.row.fault == Fault.LONE_SURROGATE  # JSON has an escape for it, UTF-8 has not
        line = json.dumps(record, ensure_ascii=broken)
        lines.append(line[: len(line) // 2] if rendered.row.fault == Fault.MALFORMED_JSON else line)
    return ("\n".join(lines) + "\n").encode()


def _parquet(source: Source, rows: list[Rendered], first: int) -> bytes:
    name, fields = _TURNS[source.shape]
    turns = pa.list_(pa.struct([(one, pa.string()) for one in fields]))
    records = [record for _, record in _records(source, rows, first)]
    columns: dict[str, pa.Array] = {}
    if source.shape is not Shape.TEXTS:
        columns["id"] = pa.array([record["id"] for record in records])
    columns["images"] = pa.array([[_struct(i) for i in rendered.images] for rendered in rows], type=_IMAGES)
    columns[name] = pa.array([record[name] for record in records], type=turns)
    buffer = io.BytesIO()
    pq.write_table(pa.table(columns), buffer, compression="zstd", row_group_size=100)
    return buffer.getvalue()


def _struct(image: Image) -> dict[str, Any]:
    return {"bytes": image.data, "path": image.name}


def _tar(source: Source, rows: list[Rendered], first: int) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for position, rendered in enumerate(rows, start=first):
            for ending, data in _members(source, rendered, position):
                header = tarfile.TarInfo(f"{position:07d}.{ending}")  # modification time 0: reproducible bytes
                header.size = len(data)
                tar.addfile(header, io.BytesIO(data))
    return buffer.getvalue()


def _members(source: Source, rendered: Rendered, position: int) -> Iterator[tuple[str, bytes]]:
    several = len(rendered.images) > 1
    endings = [
        f"{i}.{im.painted.extension}" if several else im.painted.extension for i, im in enumerate(rendered.images)
    ]
    for ending, image in zip(endings, rendered.images, strict=True):
        if image.data is not None:
            yield ending, image.data
    if source.shape is Shape.CAPTION:
        yield "txt", (rendered.turns[-1].text or "").encode()
        about = {"url": f"https://example.org/gallery/{position:07d}"}
    else:
        record = record_of(source.shape, rendered.row, rendered.turns, [f"{position:07d}.{e}" for e in endings])
        about = {**_identity(source, position), **record}
    yield "json", json.dumps(about, ensure_ascii=False).encode()


_WRITERS = {
    FileFormat.JSON: _json,
    FileFormat.JSONL: _jsonl,
    FileFormat.PARQUET: _parquet,
    FileFormat.TAR: _tar,
}
