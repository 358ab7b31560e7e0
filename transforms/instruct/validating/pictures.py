"""Images that break off: told only when they are decoded to their end."""

from __future__ import annotations

from collections.abc import Sequence

from transforms.images.decode import DecodeSettings, decode
from transforms.images.header import PILLOW_MAX_PIXELS, ImageFault
from transforms.instruct.medium_bytes import read_distinct
from transforms.instruct.rows import Row
from transforms.rejects import Reject

_LIMITS = DecodeSettings(max_pixels=PILLOW_MAX_PIXELS, min_side=1)  # what is too small or large is not asked here
_LEAST_SIDE = 64  # pixels: JPEGs are read to their end, and drawn at an eighth

#: Hash of the bytes → what is wrong with them.
Faults = dict[bytes, ImageFault]


def undecodable(rows: Sequence[Row]) -> Faults:
    """Of all images that rows show, each read once. Raises InputError where one cannot be read any more."""
    found = ((content, decode(data, _LIMITS, _LEAST_SIDE)) for content, data in read_distinct(rows, "image"))
    return {content: fault for content, fault in found if isinstance(fault, ImageFault)}


def shows_undecodable(row: Row, faults: Faults) -> Reject | None:
    """The first image of a row that breaks off."""
    for place, medium in enumerate(row.media):
        fault = faults.get(medium.content_hash) if medium.content_hash is not None else None
        if fault is not None:
            return Reject(row.key, fault.reason, f"medium {place}, {medium.member or medium.uri or ''}: {fault.detail}")
    return None
