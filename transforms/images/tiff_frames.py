"""The pictures of one TIFF file, each as a TIFF of its own: its pixels are copied as they are packed, not decoded.

TIFF 6.0, section 2: a directory a picture, each with the place of the next one; an entry of a directory has a tag, a
type, a count, and the values or their place. BigTIFF is another format, and is not read.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

#: Pictures of one file.
MOST_FRAMES = 4096

_ORDERS = {b"II*\0": "<", b"MM\0*": ">"}
#: Bytes of a value by type (section 2, and 13, the place of a directory, by Technical Note 1).
_TYPE_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_SHORT, _LONG = 3, 4
#: The tag of the places of strips or tiles → that of their sizes.
_PACKED = {273: 279, 324: 325}
#: Free space, and the places of further directories: thumbnails, EXIF, GPS.
_DROPPED = frozenset((288, 289, 330, 34665, 34853, 40965))
_HEADER_BYTES, _ENTRY_BYTES, _INLINE_BYTES = 8, 12, 4


class TiffError(Exception):
    """The file is no TIFF, or its directories lead nowhere."""


class _Entry(NamedTuple):
    tag: int
    kind: int
    number: int
    values: bytes


def frame_places(data: bytes) -> list[int]:
    """Where the directory of each picture stands, in their order; raises TiffError."""
    order = _byte_order(data)
    places: list[int] = []
    (place,) = _unpack(order + "I", data, 4)
    while place:
        if place in places or len(places) == MOST_FRAMES:
            raise TiffError(f"its directories go in a circle, or are more than {MOST_FRAMES}")
        places.append(place)
        (count,) = _unpack(order + "H", data, place)
        (place,) = _unpack(order + "I", data, place + 2 + _ENTRY_BYTES * count)
    return places


def frame(data: bytes, place: int) -> bytes:
    """The picture whose directory stands there, as a file: always the same bytes. Raises TiffError."""
    order = _byte_order(data)
    entries = _entries(data, order, place)
    tags = [tag for tag in _PACKED if tag in entries]
    if len(tags) != 1 or _PACKED[tags[0]] not in entries:
        raise TiffError("its pixels stand neither in strips nor in tiles")
    pieces = _pieces(data, _numbers(order, entries[tags[0]]), _numbers(order, entries[_PACKED[tags[0]]]))
    entries[tags[0]] = _Entry(tags[0], _LONG, len(pieces), bytes(4 * len(pieces)))  # as long as it will be
    values_at = _HEADER_BYTES + 2 + _ENTRY_BYTES * len(entries) + 4
    at = values_at + sum(len(_padded(entry.values)) for entry in entries.values() if len(entry.values) > _INLINE_BYTES)
    starts = []
    for piece in pieces:
        starts.append(at)
        at += len(piece) + len(piece) % 2
    moved = struct.pack(f"{order}{len(starts)}I", *starts)
    entries[tags[0]] = entries[tags[0]]._replace(values=moved)
    header = data[:4] + struct.pack(order + "I", _HEADER_BYTES)
    return b"".join((header, _directory(order, entries, values_at), *map(_padded, pieces)))


def _directory(order: str, entries: dict[int, _Entry], values_at: int) -> bytes:
    """The only directory of a file, and the values that find no room in it."""
    directory, values = [struct.pack(order + "H", len(entries))], []
    for tag in sorted(entries):
        entry = entries[tag]
        directory.append(struct.pack(order + "HHI", *entry[:3]))
        if len(entry.values) <= _INLINE_BYTES:
            directory.append(entry.values.ljust(_INLINE_BYTES, b"\0"))
        else:
            directory.append(struct.pack(order + "I", values_at))
            values.append(_padded(entry.values))
            values_at += len(values[-1])
    return b"".join((*directory, bytes(4), *values))


def _entries(data: bytes, order: str, place: int) -> dict[int, _Entry]:
    """By tag, but for those that lead to what is not copied; no more bytes of values than the file has."""
    (count,) = _unpack(order + "H", data, place)
    entries: dict[int, _Entry] = {}
    left_bytes = len(data)
    for at in range(place + 2, place + 2 + _ENTRY_BYTES * count, _ENTRY_BYTES):
        tag, kind, length = _unpack(order + "HHI", data, at)
        if tag in _DROPPED or kind not in _TYPE_BYTES:
            continue
        size_bytes = length * _TYPE_BYTES[kind]
        start = at + 8 if size_bytes <= _INLINE_BYTES else _unpack(order + "I", data, at + 8)[0]
        left_bytes -= size_bytes
        if left_bytes < 0 or start + size_bytes > len(data):
            raise TiffError(f"the values of tag {tag} lie outside the file")
        entries[tag] = _Entry(tag, kind, length, data[start : start + size_bytes])
    return entries


def _pieces(data: bytes, starts: tuple[int, ...], sizes: tuple[int, ...]) -> list[bytes]:
    """Strips or tiles as they are packed; together no more bytes than the file has."""
    if not starts or len(starts) != len(sizes) or sum(sizes) > len(data):
        raise TiffError("its strips or tiles are none, or larger than the file")
    if any(start + size > len(data) for start, size in zip(starts, sizes, strict=True)):
        raise TiffError("a strip or tile lies outside the file")
    return [data[start : start + size] for start, size in zip(starts, sizes, strict=True)]


def _numbers(order: str, entry: _Entry) -> tuple[int, ...]:
    if entry.kind not in (_SHORT, _LONG):
        raise TiffError(f"tag {entry.tag} holds no places or sizes")
    return struct.unpack(f"{order}{entry.number}{'H' if entry.kind == _SHORT else 'I'}", entry.values)


def _byte_order(data: bytes) -> str:
    if data[:4] not in _ORDERS:
        raise TiffError("no TIFF")
    return _ORDERS[data[:4]]


def _unpack(form: str, data: bytes, at: int) -> tuple[int, ...]:
    try:
        return struct.unpack_from(form, data, at)
    except struct.error as error:
        raise TiffError("it ends inside a directory") from error


def _padded(piece: bytes) -> bytes:
    """Everything in a TIFF begins at an even byte."""
    return piece + bytes(len(piece) % 2)
