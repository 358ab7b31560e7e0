"""Parquet in which damage shows: pages carry Parquet's own checksums, and the footer one of ours.

Parquet has no sum over its footer, which says what columns there are, of which type, where their pages lie, and (ours)
how many rows were rejected: of flipped bits in it, half are read as something else. So the xxh3-64 of the footer stands
in the eight bytes before it. The format finds pages by their offsets and passes over what nothing points to, so every
other reader reads these files as they are.

Headers of pages remain uncovered; what they say is checked by the reader against the footer or changes no value.
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import xxhash

_SUM_BYTES = 8
_END_BYTES = 8  # the footer's length, little-endian 32-bit, and the magic
_MAGIC = b"PAR1"
_TAIL_BYTES = 1 << 16  # read at once; as Arrow does, since a footer is rarely longer


def write_checked(stream: pa.NativeFile, table: pa.Table, **options: Any) -> None:
    """``table`` as Parquet; ``options`` are those of :func:`pyarrow.parquet.write_table`."""
    buffer = pa.BufferOutputStream()
    pq.write_table(table, buffer, write_page_checksum=True, **options)
    written = memoryview(buffer.getvalue())
    pages, footer = written[: -_footer_bytes(written)], written[-_footer_bytes(written) :]
    stream.write(pages)
    stream.write(xxhash.xxh3_64_digest(footer))
    stream.write(footer)


def open_checked(stream: pa.NativeFile) -> pq.ParquetFile:
    """Raises ArrowInvalid for a footer that is not as it was written; and, when they are read, OSError for pages."""
    tail = _tail(stream)
    footer_bytes = _footer_bytes(tail)
    if xxhash.xxh3_64_digest(tail[-footer_bytes:]) != bytes(tail[-footer_bytes - _SUM_BYTES : -footer_bytes]):
        raise pa.ArrowInvalid("the checksum of its footer is another")
    metadata = pq.read_metadata(pa.BufferReader(tail))
    return pq.ParquetFile(stream, metadata=metadata, pre_buffer=True, page_checksum_verification=True)


def _tail(stream: pa.NativeFile) -> memoryview:
    """The last bytes of a file: its whole footer, and the sum before it."""
    size = stream.size()
    wanted = _TAIL_BYTES
    while True:
        stream.seek(max(size - wanted, 0))
        tail = memoryview(stream.read_buffer(wanted))
        if len(tail) < _SUM_BYTES + _END_BYTES or tail[-len(_MAGIC) :] != _MAGIC:
            raise pa.ArrowInvalid(f"its {size} bytes do not end as Parquet does")
        needed = _footer_bytes(tail) + _SUM_BYTES
        if needed <= len(tail):
            return tail
        if needed > size:
            raise pa.ArrowInvalid(f"its footer would be longer than its {size} bytes")
        wanted = needed


def _footer_bytes(tail: memoryview) -> int:
    """With its length and the magic."""
    return int.from_bytes(tail[-_END_BYTES : -len(_MAGIC)], "little") + _END_BYTES
