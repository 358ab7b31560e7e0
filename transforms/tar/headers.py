"""Headers of tar members, one at a time or many at once, as ``tarfile`` makes them.

``tarfile`` makes each of its headers anew, in Python. Here that of an ordinary name is a patched copy of one that
``tarfile`` made. Names of more than 100 bytes go through ``tarfile`` as they are.
"""

from __future__ import annotations

import tarfile

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from transforms.tar.columns import BINARY, join, zeros
from transforms.tar.fields import BLOCK_BYTES, CHECKSUM, NAME_BYTES, SIZE

_MODE = 0o644
_SIZE_DIGITS, _CHECKSUM_DIGITS = 11, 6
_SIZE_LIMIT = 8**_SIZE_DIGITS


def _header(name: str, size_bytes: int) -> bytes:
    """A header as ``tarfile`` makes it: mtime, uid and gid 0, mode 0644, with GNU extensions for long names."""
    member = tarfile.TarInfo(name)
    member.size = size_bytes
    member.mode = _MODE
    return member.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape")


_TEMPLATE = bytearray(_header("", 0))
_TEMPLATE[CHECKSUM] = b" " * 8  # as it counts in the checksum
_BEFORE_SIZE = bytes(_TEMPLATE[NAME_BYTES : SIZE.start])
_BEFORE_CHECKSUM = bytes(_TEMPLATE[SIZE.stop : CHECKSUM.start])
_AFTER_CHECKSUM = bytes(_TEMPLATE[CHECKSUM.stop :])
_FIXED_SUM = sum(_BEFORE_SIZE) + sum(_BEFORE_CHECKSUM) + sum(_AFTER_CHECKSUM) + 8 * ord(" ")
_ZEROS = zeros(NAME_BYTES)


def member_header(name: str, size_bytes: int) -> bytes:
    """One header of 512 bytes, or three blocks for a name of more than 100 bytes."""
    name_bytes = name.encode("utf-8", "surrogateescape")
    if len(name_bytes) > NAME_BYTES or size_bytes >= _SIZE_LIMIT:
        return _header(name, size_bytes)
    size = b"%011o\0" % size_bytes
    checksum = b"%06o\0 " % (_FIXED_SUM + sum(name_bytes) + sum(size))
    return b"".join(
        (name_bytes.ljust(NAME_BYTES, b"\0"), _BEFORE_SIZE, size, _BEFORE_CHECKSUM, checksum, _AFTER_CHECKSUM)
    )


def member_headers(names: pa.LargeStringArray, size_bytes: NDArray[np.int64]) -> pa.LargeBinaryArray:
    """(M,) names and sizes → (M,) headers, each :func:`member_header` of its own."""
    name_bytes = pc.binary_length(names).to_numpy()
    if name_bytes.max(initial=0) > NAME_BYTES or size_bytes.max(initial=0) >= _SIZE_LIMIT:
        return pa.array(list(map(member_header, names.to_pylist(), size_bytes.tolist())), BINARY)
    padding = _ZEROS.take(pa.array(NAME_BYTES - name_bytes))
    padded = join(names.cast(BINARY), padding)
    headers = np.tile(np.frombuffer(_TEMPLATE, np.uint8), (len(names), 1))
    name_field = np.frombuffer(padded.buffers()[2], np.uint8, len(names) * NAME_BYTES)
    headers[:, :NAME_BYTES] = name_field.reshape(-1, NAME_BYTES)
    headers[:, SIZE.start : SIZE.start + _SIZE_DIGITS] = _octal(size_bytes, _SIZE_DIGITS)
    checksum = headers.sum(axis=1, dtype=np.int64)
    headers[:, CHECKSUM.start : CHECKSUM.start + _CHECKSUM_DIGITS] = _octal(checksum, _CHECKSUM_DIGITS)
    headers[:, CHECKSUM.start + _CHECKSUM_DIGITS] = 0
    offsets = pa.py_buffer(np.arange(len(names) + 1, dtype=np.int64) * BLOCK_BYTES)
    return pa.LargeBinaryArray.from_buffers(BINARY, len(names), [None, offsets, pa.py_buffer(headers)])


def _octal(numbers: NDArray[np.int64], digits: int) -> NDArray[np.uint8]:
    """(M,) numbers → (M, digits) ASCII digits, with leading zeros."""
    return ((numbers[:, None] >> np.arange(3 * (digits - 1), -1, -3)) & 7).astype(np.uint8) + ord("0")
