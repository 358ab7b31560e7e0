"""Tables for other programs: CSV and plain Parquet, written whole or not at all, a part at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from transforms.storage import StoragePath


def write_csv(path: StoragePath, schema: pa.Schema, tables: Iterable[pa.Table]) -> int:
    """UTF-8 with a line of names, text in quotes; returns the rows written."""
    return _write(path, schema, tables, pa_csv.CSVWriter)


def write_parquet(path: StoragePath, schema: pa.Schema, tables: Iterable[pa.Table]) -> int:
    """Compressed by zstd; returns the rows written."""
    return _write(path, schema, tables, lambda stream, of: pq.ParquetWriter(stream, of, compression="zstd"))


def _write(
    path: StoragePath, schema: pa.Schema, tables: Iterable[pa.Table], open_writer: Callable[[Any, pa.Schema], Any]
) -> int:
    rows = 0
    with path.atomic_writer() as stream, open_writer(pa.PythonFile(stream, "w"), schema) as writer:
        for table in tables:
            writer.write_table(table.replace_schema_metadata(None))
            rows += len(table)
    return rows
