"""What the fields of a tar header say, read strictly: Python's own ``int`` takes ``1_0``, ``+10`` and ``-10`` too."""

from __future__ import annotations

import zlib
from typing import NamedTuple

from transforms.names import decode_name

#: POSIX.1-2001, "ustar Interchange Format": headers and data come in blocks of 512 bytes.
BLOCK_BYTES = 512
#: Its fields.
NAME_BYTES = 100
SIZE = slice(124, 136)
CHECKSUM = slice(148, 156)
_OTHER_NUMBERS = (slice(100, 108), slice(108, 116), slice(116, 124), slice(136, 148))  # mode, uid, gid, mtime
_MAGIC = b"ustar"
_USTAR_KINDS = frozenset(b"\x0001234567xgLKDMNSVAX")  # POSIX's, and those of GNU and Solaris
_V7_KINDS = frozenset(b"\x000125")
_MAX_DECIMAL_DIGITS = 20  # as many as the largest 64-bit number has


class PaxOverrides(NamedTuple):
    """What a pax extended header says of the member behind it; None where it says nothing."""

    name: str | None
    size_bytes: int | None


def member_size(header: bytes) -> int | None:
    """The size that a header states; None where the block is no header: cut, of another checksum, no such number."""
    digits = header[CHECKSUM].strip(b" \0")
    if len(header) < BLOCK_BYTES or not digits.isdigit():
        return None
    checksum = _sum(header) - sum(header[CHECKSUM]) + 8 * ord(" ")  # its own field counts as blanks
    try:
        stated = int(digits, 8)
        # Old tars of Sun summed signed characters, as tarfile and GNU tar know
        if checksum != stated and checksum - 256 * sum(byte > 127 for byte in header) != stated:
            return None
        return _number(header[SIZE])
    except ValueError:
        return None


def is_plausible(header: bytes) -> bool:
    """Whether a block whose checksum holds looks like a header in its other fields too.

    Asked where a header was not due: among an image's bytes, where a sum alone could hold by chance.
    """
    kinds = _USTAR_KINDS if header[257:262] == _MAGIC else _V7_KINDS
    if not header[0] or header[156] not in kinds:
        return False
    try:
        for field in _OTHER_NUMBERS:
            if header[field][0] != 0xFF:  # a negative number in base 256, such as a time before 1970
                _number(header[field])
    except ValueError:
        return False
    return True


def member_name(header: bytes) -> str:
    name = header_text(header[:NAME_BYTES])
    if header[257:263] == b"ustar\0" and header[345]:  # GNU's own magic keeps other things in the prefix
        return f"{header_text(header[345:500])}/{name}"
    return name


def header_text(field: bytes) -> str:
    """Up to the first NUL; see :func:`transforms.names.decode_name` for bytes that are not UTF-8."""
    return decode_name(field.partition(b"\0")[0])


def pax_overrides(payload: bytes) -> PaxOverrides:
    """``path`` and ``size`` of pax records; a record is its own length in decimal, a blank, key=value, a newline.

    Raises ValueError for what are no such records.
    """
    name: str | None = None
    size_bytes: int | None = None
    start = 0
    while start < len(payload) and payload[start]:
        blank = payload.find(b" ", start, start + _MAX_DECIMAL_DIGITS + 1)
        end = start + _decimal(payload[start : max(blank, start)])
        if not blank < end - 1 < len(payload) or payload[end - 1] != ord("\n"):
            raise ValueError(f"a pax record of {end - start} bytes")
        key, _, value = payload[blank + 1 : end - 1].partition(b"=")
        if key == b"path":
            name = header_text(value)
        elif key == b"size":
            size_bytes = _decimal(value)
        start = end
    return PaxOverrides(name, size_bytes)


def _sum(header: bytes) -> int:
    """The sum of all bytes, by way of Adler-32 (RFC 1950), whose low half is one more, modulo 65,521.

    256 bytes sum to less than that, so where half of the block is zeros nothing has wrapped round.
    """
    return (zlib.adler32(header) & 0xFFFF) - 1 if header.count(0) >= 256 else sum(header)


def _number(field: bytes) -> int:
    """Octal digits, or the GNU base-256 form for sizes of 8 GiB and more; raises ValueError for anything else."""
    if field[0] == 0x80:
        return int.from_bytes(field[1:], "big")
    digits = field.strip(b" \0")
    if digits and not digits.isdigit():
        raise ValueError(f"no octal number: {field!r}")
    return int(digits or b"0", 8)


def _decimal(digits: bytes) -> int:
    if not digits.isdigit() or len(digits) > _MAX_DECIMAL_DIGITS:
        raise ValueError(f"no decimal number: {digits[:40]!r}")
    return int(digits)
