"""What a source says of a sample in JSON: its values to be used here, and its text to be handed on."""

from __future__ import annotations

import json
from typing import Any, NamedTuple, NoReturn

from transforms.bounded_json import check_depth


class SourceRecord(NamedTuple):
    """``values`` is None where there is no object that Python reads.

    ``text`` is JSON by RFC 8259: the text as it was found, or, where that is none (broken, with NaN, or nested too
    deep), a string that holds it, bytes that are not UTF-8 as ``\\xff``. None where there is no text.
    """

    values: dict[str, Any] | None
    text: str | None


NO_RECORD = SourceRecord(None, None)


def read_record(data: bytes) -> SourceRecord:
    """What cannot be read is no reason to drop an image, and is not dropped itself."""
    values = None
    try:
        text = data.decode(json.detect_encoding(data))
        try:
            found, is_strict = _STRICT.decode(text), True
        except ValueError:  # Python's own writer makes NaN where a number is missing
            found, is_strict = json.loads(text), False
        values = found if isinstance(found, dict) else None
        if is_strict:
            check_depth(found, text.count("{") + text.count("["))  # Python reads more levels than other readers
            return SourceRecord(values, text)
    except (ValueError, RecursionError):
        pass
    as_found = data.decode("utf-8", "backslashreplace")
    return SourceRecord(values, json.dumps(as_found, ensure_ascii=False) if as_found else None)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


_STRICT = json.JSONDecoder(parse_constant=_refuse)
