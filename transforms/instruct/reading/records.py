"""A part of a source → its records, whatever the format."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from transforms.conversations.json_records import MalformedRecord, read_json
from transforms.instruct.reading.inputs import InstructPart
from transforms.instruct.reading.parquet import read_parquet
from transforms.instruct.reading.tars import read_tar
from transforms.rejects import Reason, Reject


def read_part(part: InstructPart) -> Iterator[tuple[str, dict[str, Any]] | Reject]:
    """Key and fields of each record, in order, or why it cannot be read.

    The key is the number in a JSON list or a Parquet file, the first byte of a line, the key of a tar's sample. Raises
    InputError, naming the file, for one that cannot be read at all.
    """
    match part.format:
        case "tar":
            yield from read_tar(part)
        case "parquet":
            yield from (_checked(key, record) for key, record in read_parquet(part))
        case "json":
            yield from (_checked(key, record) for key, record in read_json(part))


def _checked(key: str, record: Any) -> tuple[str, dict[str, Any]] | Reject:
    if isinstance(record, MalformedRecord):
        return Reject(key, Reason.MALFORMED_RECORD, record.detail)
    if not isinstance(record, dict):
        return Reject(key, Reason.MALFORMED_RECORD, f"not a JSON object: {str(record)[:80]}")
    return key, record
