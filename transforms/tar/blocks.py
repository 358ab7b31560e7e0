"""The bytes of an archive, from start to end, in pieces of any size."""

from __future__ import annotations

from typing import Any, Protocol

from transforms.tar.fields import BLOCK_BYTES

_CHUNK_BYTES = 1 << 20  # read at once: few requests, as object stores answer each late


class Readable(Protocol):
    """A binary stream; both may give less than is asked for, but nothing at its end only."""

    def read(self, size: int, /) -> bytes: ...

    def readinto(self, buffer: Any, /) -> int | None: ...


class ArchiveBytes:
    """Hands out the first ``archive_bytes`` of a stream; ``offset`` is the place of the next one.

    Chunks are read into one buffer, again and again: fresh memory would have to be cleared for each.
    """

    def __init__(self, stream: Readable, archive_bytes: int) -> None:
        self.archive_bytes = archive_bytes
        self.offset = 0
        self._stream = stream
        self._left_bytes = archive_bytes  # not read yet
        self._buffer = memoryview(bytearray(min(_CHUNK_BYTES, archive_bytes)))
        self._at = self._end = 0  # what of the buffer is still to be handed out

    def peek(self, size_bytes: int) -> bytes:
        """The next bytes, which stay the next ones; no more than are in the buffer."""
        if self._at == self._end:
            self._fill()
        return bytes(self._buffer[self._at : min(self._at + size_bytes, self._end)])

    def take(self, size_bytes: int) -> bytes:
        """As many bytes, fewer only where the archive ends."""
        end = self._at + size_bytes
        if end > self._end:
            return self._take_across(size_bytes)
        piece = bytes(self._buffer[self._at : end])
        self._at = end
        self.offset += size_bytes
        return piece

    def skip(self, size_bytes: int) -> None:
        while size_bytes > 0:
            if self._at == self._end:
                self._fill()
            skipped = min(size_bytes, self._end - self._at)
            if not skipped:
                return
            self._at += skipped
            self.offset += skipped
            size_bytes -= skipped

    def skip_blocks(self, size_bytes: int) -> None:
        """Pass over data of that size and what fills its last block."""
        self.skip(-(-size_bytes // BLOCK_BYTES) * BLOCK_BYTES)

    def _take_across(self, size_bytes: int) -> bytes:
        pieces = [bytes(self._buffer[self._at : self._end])]
        missing = size_bytes - len(pieces[0])
        self._at = self._end
        while missing > 0 and self._left_bytes > 0:
            if missing < len(self._buffer):
                self._fill()
                taken = min(missing, self._end)
                piece = bytes(self._buffer[:taken])
                self._at = taken
            else:
                piece = bytes(self._stream.read(min(missing, self._left_bytes)))
                self._left_bytes = self._left_bytes - len(piece) if piece else 0
            pieces.append(piece)
            missing -= len(piece)
        joined = b"".join(pieces)
        self.offset += len(joined)
        return joined

    def _fill(self) -> None:
        """The next chunk; the stream's end is the archive's."""
        wanted = min(len(self._buffer), self._left_bytes)
        self._at, self._end = 0, int(self._stream.readinto(self._buffer[:wanted]) or 0) if wanted else 0
        self._left_bytes = self._left_bytes - self._end if self._end else 0
