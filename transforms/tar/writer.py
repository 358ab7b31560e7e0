"""A tar written member by member, straight through: no seeking, and the SHA-256 of the whole as it goes."""

from __future__ import annotations

import tarfile
from typing import IO, Any

from transforms.hashed_stream import HashedStream
from transforms.tar.fields import BLOCK_BYTES
from transforms.tar.headers import member_header

_FLUSH_BYTES = 1 << 18  # small members are joined to one write and one update of the hash,
_DIRECT_BYTES = 1 << 15  # large ones are not copied again
_ZEROS = bytes(BLOCK_BYTES)


def end_of_archive(offset_bytes: int) -> bytes:
    """What a tar of this length ends with: two empty blocks, and more to fill the last record."""
    end_bytes = 2 * BLOCK_BYTES
    return bytes(end_bytes + -(offset_bytes + end_bytes) % tarfile.RECORDSIZE)


class TarStream:
    """Appends members to a binary stream; call :meth:`finish` at the end."""

    def __init__(self, stream: IO[bytes] | Any) -> None:
        self._stream = HashedStream(stream)
        self._chunks: list[bytes] = []
        self._pending_bytes = 0
        self.offset_bytes = 0  # where the next member's header will stand

    def add(self, name: str, data: bytes) -> None:
        header = member_header(name, len(data))
        padding = _ZEROS[: -len(data) % BLOCK_BYTES]
        self.offset_bytes += len(header) + len(data) + len(padding)
        if len(data) < _DIRECT_BYTES:
            self._chunks += (header, data, padding)
            self._pending_bytes += len(header) + len(data) + len(padding)
        else:
            self._chunks.append(header)
            self._flush()
            self._stream.write(data)
            self._chunks.append(padding)
            self._pending_bytes = len(padding)
        if self._pending_bytes >= _FLUSH_BYTES:
            self._flush()

    def finish(self) -> str:
        """Write the end of the archive; returns the SHA-256 of all that was written, as hexadecimal digits."""
        end = end_of_archive(self.offset_bytes)
        self.offset_bytes += len(end)
        self._chunks.append(end)
        self._flush()
        return self._stream.hexdigest()

    def _flush(self) -> None:
        self._stream.write(b"".join(self._chunks))
        self._chunks.clear()
        self._pending_bytes = 0
