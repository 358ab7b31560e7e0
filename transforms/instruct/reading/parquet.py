"""Parquet of records with nested columns, images as bytes beside their names, as Hugging Face publishes them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from transforms.conversations.json_records import MalformedRecord
from transforms.errors import InputError
from transforms.instruct.reading.inputs import InstructPart
from transforms.reading.formats.parquet import open_parquet
from transforms.reading.retried_file import open_input

_BATCH_ROWS = 64  # of some 1 MB each with their images


def read_parquet(part: InstructPart) -> Iterator[tuple[str, Any]]:
    """Each row as plain values, its number in nine digits before it. Raises InputError for a file that is no Parquet,
    is damaged, or has two columns of one name."""
    with open_input(part.path) as stream:
        file = open_parquet(stream, part.path)
        names = file.schema_arrow.names
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise InputError(f"{part.path} has two columns of the name {twice[0]}: which is meant? Rename one.")
        row = 0
        try:
            for batch in file.iter_batches(batch_size=_BATCH_ROWS, use_threads=False):
                for values in _values(batch):
                    yield f"{row:09d}", values
                    row += 1
        except (pa.ArrowInvalid, OSError) as error:
            raise InputError(f"{part.path} is damaged: {error}") from error


def _values(batch: pa.RecordBatch) -> list[Any]:
    try:
        return list(batch.to_pylist())
    except UnicodeDecodeError:  # one row's text spoils that row alone
        return [_value(batch.slice(row, 1)) for row in range(batch.num_rows)]


def _value(row: pa.RecordBatch) -> Any:
    try:
        return row.to_pylist()[0]
    except UnicodeDecodeError as error:
        return MalformedRecord(f"byte {error.start} of a text is not UTF-8")
