"""Members of a tar, read from start to end from any byte stream.

The standard library's tarfile ends silently where an archive was cut between members, and needs about three times as
long; this reader tells a whole archive from a broken one. It knows the formats ustar, GNU (long names) and pax.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import IO, NamedTuple

import pyarrow as pa

BLOCK_BYTES = 512  # POSIX.1-2001, "ustar Interchange Format": headers and data come in blocks of 512 bytes
_SKIP_BYTES = 1 << 20
_MAX_EXTENSION_BYTES = 1 << 20  # names and pax records; anything longer is not one

_REGULAR = (b"0", b"\0", b"7")
_PAX, _PAX_GLOBAL, _GNU_LONG_NAME, _GNU_LONG_LINK = b"x", b"g", b"L", b"K"


class TarMember(NamedTuple):
    """A regular file in a tar. ``data`` is empty where the caller did not want it."""

    name: str
    data_offset: int
    size_bytes: int
    data: bytes


class BrokenTarError(Exception):
    """The archive cannot be followed any further. ``member`` is the one that was hit, where its name is known."""

    def __init__(self, detail: str, offset: int, member: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.offset = offset
        self.member = member


def read_members(
    stream: pa.NativeFile | IO[bytes], archive_bytes: int, wanted: Callable[[str], bool]
) -> Iterator[TarMember]:
    """The regular files of a tar in order; raises BrokenTarError where it is cut or damaged, or has no end mark."""
    offset = 0
    name_override: str | None = None
    size_override: int | None = None
    while True:
        header = stream.read(BLOCK_BYTES)
        if header and header.count(0) == len(header):
            return
        size_bytes = _checked_size(header, offset)
        kind = header[156:157]
        if size_override is not None:
            size_bytes = size_override
        name = name_override if name_override is not None else _name(header)
        data_offset = offset + BLOCK_BYTES
        if data_offset + size_bytes > archive_bytes:
            is_file = kind in _REGULAR
            raise BrokenTarError(f"the archive ends inside {name}", offset, name if is_file else None)
        offset = data_offset + -(-size_bytes // BLOCK_BYTES) * BLOCK_BYTES
        if kind in (_PAX, _PAX_GLOBAL, _GNU_LONG_NAME, _GNU_LONG_LINK):
            payload = _extension(stream, size_bytes, data_offset, name)
            stream.read(offset - data_offset - size_bytes)
            if kind == _GNU_LONG_NAME:
                name_override = _decoded(payload)
            elif kind == _PAX:
                name_override, size_override = _pax_overrides(payload, data_offset)
            continue
        name_override = size_override = None
        if kind in _REGULAR and wanted(name):
            data = stream.read(size_bytes)
            stream.read(offset - data_offset - size_bytes)
            if len(data) < size_bytes:
                raise BrokenTarError(f"the archive ends inside {name}", data_offset, name)
            yield TarMember(name, data_offset, size_bytes, data)
        else:
            _skip(stream, offset - data_offset)
            if kind in _REGULAR:
                yield TarMember(name, data_offset, size_bytes, b"")


def _checked_size(header: bytes, offset: int) -> int:
    """The size field of a header that is whole and whose checksum holds."""
    if not header:
        raise BrokenTarError("the archive has no end mark, so it was cut", offset)
    if len(header) < BLOCK_BYTES:
        raise BrokenTarError("the archive ends inside a header", offset)
    try:
        checksum = sum(header) - sum(header[148:156]) + 8 * ord(" ")  # its own field counts as blanks
        if checksum == _number(header[148:156]):
            return _number(header[124:136])
    except ValueError:
        pass
    raise BrokenTarError(f"no tar header at byte {offset}", offset)


def _number(field: bytes) -> int:
    """Octal digits, or the GNU base-256 form for sizes of 8 GiB and more."""
    if field[0] == 0x80:
        return int.from_bytes(field[1:], "big")
    return int(field.strip(b" \0") or b"0", 8)


def _name(header: bytes) -> str:
    name = _decoded(header[:100])
    if header[257:263] == b"ustar\0" and header[345]:  # GNU's own magic keeps other things in the prefix
        return f"{_decoded(header[345:500])}/{name}"
    return name


def _decoded(field: bytes) -> str:
    """Up to the first NUL; bytes that are not UTF-8 as ``\\xff``, so that every name can be written down."""
    return field.partition(b"\0")[0].decode("utf-8", "backslashreplace")


def _extension(stream: pa.NativeFile | IO[bytes], size_bytes: int, offset: int, name: str) -> bytes:
    if size_bytes > _MAX_EXTENSION_BYTES:
        raise BrokenTarError(f"an extension header of {size_bytes} bytes ({name})", offset)
    return bytes(stream.read(size_bytes))


def _pax_overrides(payload: bytes, offset: int) -> tuple[str | None, int | None]:
    """``path`` and ``size`` of pax records; a record is its own length in decimal, a blank, key=value, a newline."""
    records: dict[bytes, bytes] = {}
    try:
        while payload.strip(b"\0"):
            digits, _, _ = payload.partition(b" ")
            record, payload = payload[len(digits) + 1 : int(digits)], payload[int(digits) :]
            key, _, value = record.removesuffix(b"\n").partition(b"=")
            records[key] = value
        path, size = records.get(b"path"), records.get(b"size")
        return None if path is None else _decoded(path), None if size is None else int(size)
    except ValueError as error:
        raise BrokenTarError(f"no pax records at byte {offset}", offset) from error


def _skip(stream: pa.NativeFile | IO[bytes], size_bytes: int) -> None:
    while size_bytes > 0:
        size_bytes -= len(stream.read(min(size_bytes, _SKIP_BYTES))) or size_bytes
