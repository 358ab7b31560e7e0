"""Rows of messages with their media as Parquet: the bytes of each row are counted, and full row groups written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

_GROUP_BYTES = 64 << 20  # what a reader takes into memory at once
#: Images and videos are compressed already.
_COMPRESSION = {"messages.list.element.content.list.element.text": "zstd"}


class RowGroups:
    """Appends rows of ``schema``, which has a column ``messages``, to a stream. :meth:`finish` ends the file."""

    def __init__(self, stream: Any, schema: pa.Schema) -> None:
        self._writer = pq.ParquetWriter(stream, schema, compression=_COMPRESSION, write_page_checksum=True)
        self._schema = schema
        self._rows: list[Mapping[str, Any]] = []
        self._row_bytes = 0

    def add(self, row: Mapping[str, Any], size_bytes: int) -> None:
        """``size_bytes``: of its media and texts."""
        self._rows.append(row)
        self._row_bytes += size_bytes
        if self._row_bytes >= _GROUP_BYTES:
            self._flush()

    def finish(self) -> None:
        self._flush()
        self._writer.close()

    def _flush(self) -> None:
        if self._rows:
            self._writer.write_table(pa.Table.from_pylist(self._rows, self._schema))
        self._rows, self._row_bytes = [], 0
