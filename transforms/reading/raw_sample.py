"""What every format yields, and the checks that all formats share."""

from __future__ import annotations

import os.path
from typing import Any, NamedTuple

from transforms.reading.source_record import NO_RECORD, SourceRecord
from transforms.rejects import Reason, Reject


class RawSample(NamedTuple):
    """One image as it is stored, with its caption; nothing is decoded yet.

    ``member_offset`` and ``member_bytes`` find the image again (:mod:`transforms.reading.random_access`): the offset
    is the byte in a tar, the row in a Parquet file, the position in ``InputShard.files`` of a folder. ``source_key``
    is the key as the source has it, None where ``key`` is that; ``source_record`` the text of the source's JSON on the
    sample (:class:`transforms.reading.source_record.SourceRecord`), of which ``metadata`` are the values.
    """

    key: str
    image: bytes
    caption: str | None
    metadata: dict[str, Any] | None
    member_offset: int
    member_bytes: int
    source_key: str | None = None
    source_record: str | None = None


def checked_sample(
    key: str,
    image: bytes,
    caption: bytes | str | None,
    member_offset: int,
    caption_required: bool,
    record: SourceRecord = NO_RECORD,
    source_key: str | None = None,
) -> RawSample | Reject:
    """The sample, or why not: no bytes of image, a caption that is not UTF-8, or none where one is required.

    A caption is kept as it is, but for a byte order mark; one of white space alone is none. ``source_key`` may equal
    the key.
    """
    if not image:
        return Reject(key, Reason.EMPTY_IMAGE, "the image has zero bytes")
    try:
        text = _text(caption)
    except UnicodeError as error:
        return Reject(key, Reason.UNDECODABLE_CAPTION, f"the caption is not UTF-8: {error}")
    if text is None and caption_required:
        return Reject(key, Reason.MISSING_CAPTION, "no caption" if caption is None else "the caption is empty")
    was = None if source_key == key else source_key
    return RawSample(key, image, text, record.values, member_offset, len(image), was, record.text)


def _text(caption: bytes | str | None) -> str | None:
    """None where there is no caption or nothing in it.

    Raises UnicodeError for bytes that are not UTF-8, and for lone surrogates, which cannot be written as UTF-8."""
    if caption is None:
        return None
    if isinstance(caption, bytes):
        caption = caption.decode("utf-8")
    elif not caption.isascii():
        caption.encode("utf-8")
    caption = caption.removeprefix("\ufeff")
    return caption if caption.strip() else None


def is_unsafe(name: str) -> bool:
    """Whether a name would lead out of the folder that it is unpacked into: absolute, or climbing with ``..``."""
    if name.startswith(("/", "\\")):
        return True
    return ".." in name and ".." in name.replace("\\", "/").split("/")


def unsafe_name(key: str, name: str) -> Reject:
    return Reject(key, Reason.UNSAFE_MEMBER_NAME, f"{name!r} is absolute or climbs with '..'")


def dotless(name: str) -> str:
    """``a.b/c.d`` → ``a.b/c_d``: WebDataset takes all that follows the first dot of a base name for the ending."""
    folder, base = os.path.split(name)
    return os.path.join(folder, base.replace(".", "_"))
