"""A record as JSON text, to be kept beside what was made of it."""

from __future__ import annotations

import json
from typing import Any

from transforms.images.hashing import content_hash
from transforms.instruct.rows import Medium


def source_text(record: Any) -> str:
    """JSON by RFC 8259. Bytes stand there as their size and hash; a record that has no such JSON (NaN, infinities) as a
    string that holds what Python writes of it."""
    try:
        return _dumped(record, _STRICT)
    except ValueError:
        return json.dumps(_dumped(record, _WITH_NAN))


def _dumped(record: Any, encoder: json.JSONEncoder) -> str:
    text = encoder.encode(record)
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()  # as JSON escapes surrogates


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return {"size_bytes": len(value), "content_hash": content_hash(value).hex()}
    if isinstance(value, Medium):
        return value.member
    return str(value)  # dates and decimals of Parquet


_STRICT, _WITH_NAN = (
    json.JSONEncoder(ensure_ascii=False, allow_nan=allow_nan, default=_plain, separators=(",", ":"))
    for allow_nan in (False, True)
)
