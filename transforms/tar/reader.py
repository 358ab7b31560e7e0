"""Members of a tar, read from start to end from any byte stream.

The standard library's tarfile ends silently where an archive was cut between members, or where a header was damaged;
this reader tells a whole archive from a cut one, and goes on behind damage. It knows the formats v7, ustar, GNU (long
names) and pax.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from transforms.tar.blocks import ArchiveBytes
from transforms.tar.fields import BLOCK_BYTES, header_text, is_plausible, member_name, member_size, pax_overrides

_MAX_EXTENSION_BYTES = 1 << 20  # names and pax records; anything longer is not one
_ZEROS = bytes(BLOCK_BYTES)

_REGULAR = (b"0", b"\0", b"7")
_HARD_LINK, _DIRECTORY, _GNU_SPARSE = b"1", b"5", b"S"
_WITHOUT_DATA = frozenset(b"123456")  # links, devices, folders, FIFOs: whatever their size says, no data follow
_PAX, _GNU_LONG_NAME = (b"x", b"X"), b"L"  # X is Sun's, of the same form
_EXTENSIONS = (*_PAX, b"g", _GNU_LONG_NAME, b"K")  # g: of all members behind it, K: a link's target


class TarMember(NamedTuple):
    """A file in a tar, or a link, device or sparse file in the place of one; folders are none.

    ``data`` is empty where the file is larger than the caller would have it, and where it is no regular one.
    """

    name: str
    data_offset: int
    size_bytes: int
    data: bytes
    is_regular: bool = True


class DamagedBlocks(NamedTuple):
    """A run of blocks from ``offset`` to ``end_offset`` where no header stands though one was due."""

    offset: int
    end_offset: int


class BrokenTarError(Exception):
    """The archive ends too early. ``member`` is the one that was hit, where its name is known."""

    def __init__(self, detail: str, offset: int, member: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.offset = offset
        self.member = member


class _Described(NamedTuple):
    """What extension headers say of the member behind them."""

    offset: int = -1  # of the first of them; -1 without any
    name: str | None = None
    size_bytes: int | None = None
    damaged: bool = False


_NOTHING = _Described()


def read_members(archive: ArchiveBytes, most_bytes: Callable[[str], int]) -> Iterator[TarMember | DamagedBlocks]:
    """The members of a tar in order, and the runs of blocks between them that cannot be read.

    ``most_bytes`` says how many bytes of a file of that name are wanted at most: larger ones come without their data.
    Blocks of zeros are passed over wherever they stand, as ``tar --ignore-zeros`` does. Raises BrokenTarError where the
    archive is cut: it ends inside a member, or without a block of zeros.
    """
    return _Reader(archive, most_bytes).members()


class _Reader:
    def __init__(self, archive: ArchiveBytes, most_bytes: Callable[[str], int]) -> None:
        self._bytes = archive
        self._most_bytes = most_bytes
        self._described = _NOTHING
        self._damaged_from: int | None = None
        self._linked_end = 0  # of the data that a hard link claims: pax lets it bring them, others state the size only
        self._ended = False  # with a block of zeros

    def members(self) -> Iterator[TarMember | DamagedBlocks]:
        while True:
            offset = self._bytes.offset
            block = self._bytes.take(BLOCK_BYTES)
            if not block:
                break
            if block == _ZEROS or not any(block):
                self._ended = True
                self._lose(self._described.offset)
                continue
            size_bytes = member_size(block)
            if size_bytes is None or (self._damaged_from is not None and not is_plausible(block)):
                self._pass_damage(block, offset)
                continue
            if self._damaged_from is not None:
                yield DamagedBlocks(self._damaged_from, offset)
                self._damaged_from = None
            self._ended, self._linked_end = False, 0
            member = self._read(block, size_bytes, offset)
            if member is not None:
                yield member
        if self._damaged_from is not None:
            yield DamagedBlocks(self._damaged_from, self._bytes.offset)
        if not self._ended:
            raise BrokenTarError("the archive has no end mark, so it was cut", self._bytes.offset)

    def _lose(self, offset: int) -> None:
        """What was said of the next member, if anything, has lost that member: damage from there."""
        if offset >= 0 and self._damaged_from is None:
            self._damaged_from = offset
        self._described = _NOTHING

    def _pass_damage(self, block: bytes, offset: int) -> None:
        if offset < self._linked_end:
            self._bytes.skip_blocks(self._linked_end - self._bytes.offset)
            return
        if len(block) < BLOCK_BYTES and self._damaged_from is None and not self._ended:
            raise BrokenTarError("the archive ends inside a header", offset)
        self._lose(self._described.offset if self._described is not _NOTHING else offset)

    def _read(self, header: bytes, size_bytes: int, offset: int) -> TarMember | None:
        """The member whose header was read; None for an extension header, a folder, and one that was lost."""
        kind = header[156:157]
        described = self._described
        name = described.name if described.name is not None else member_name(header)
        if described.size_bytes is not None and kind not in _EXTENSIONS:
            size_bytes = described.size_bytes
        is_folder = kind == _DIRECTORY or (kind == b"\0" and name.endswith("/"))  # v7 had no kinds
        if kind[0] in _WITHOUT_DATA or is_folder:
            self._linked_end = self._bytes.offset + size_bytes if kind == _HARD_LINK else 0
            size_bytes = 0
        if kind == _GNU_SPARSE:
            self._skip_sparse_map(header)
        is_regular = kind in _REGULAR and not is_folder
        data_offset = self._bytes.offset
        if data_offset + size_bytes > self._bytes.archive_bytes:
            raise BrokenTarError(f"the archive ends inside {name}", offset, name if is_regular else None)
        if kind in _EXTENSIONS:
            self._described = self._extended(kind, size_bytes, offset)
            return None
        self._described = _NOTHING
        if described.damaged:  # its name or its size is not what this header says
            self._bytes.skip_blocks(size_bytes)
            self._lose(described.offset)
            return None
        if not is_regular or size_bytes > self._most_bytes(name):
            self._bytes.skip_blocks(size_bytes)
            return None if is_folder else TarMember(name, data_offset, size_bytes, b"", is_regular)
        data = self._bytes.take(size_bytes)
        if len(data) < size_bytes:
            raise BrokenTarError(f"the archive ends inside {name}", offset, name)
        self._bytes.skip(-size_bytes % BLOCK_BYTES)
        return TarMember(name, data_offset, size_bytes, data)

    def _extended(self, kind: bytes, size_bytes: int, offset: int) -> _Described:
        """What is known of the next member with this extension header, whose data are read."""
        described = self._described if self._described is not _NOTHING else _Described(offset)
        if size_bytes > _MAX_EXTENSION_BYTES:
            self._bytes.skip_blocks(size_bytes)
            return described._replace(damaged=True)
        payload = self._bytes.take(size_bytes)
        self._bytes.skip(-size_bytes % BLOCK_BYTES)
        if kind == _GNU_LONG_NAME:
            return described._replace(name=header_text(payload))
        if kind in _PAX:
            try:
                name, size = pax_overrides(payload)
            except ValueError:
                return described._replace(damaged=True)
            return described._replace(name=described.name if name is None else name, size_bytes=size)
        return described

    def _skip_sparse_map(self, header: bytes) -> None:
        """A sparse file of old GNU tars may have blocks behind its header that say where its holes are."""
        more = header[482:483]
        while more not in (b"", b"\0"):
            more = self._bytes.take(BLOCK_BYTES)[504:505]
