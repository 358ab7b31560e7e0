"""The members of a tar, gathered to samples by WebDataset's rule.

The key is the member's name, folders included, up to the first dot of its base name, and the ending is all that
follows; consecutive members of one key are one sample.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from transforms.errors import InputError
from transforms.reading.input_shard import InputShard
from transforms.reading.raw_sample import is_unsafe, unsafe_name
from transforms.reading.retried_file import RetriedFile
from transforms.rejects import Reason, Reject
from transforms.storage import StoragePath
from transforms.tar.blocks import ArchiveBytes
from transforms.tar.fields import BLOCK_BYTES, member_size
from transforms.tar.reader import BrokenTarError, DamagedBlocks, TarMember, read_members

_COMPRESSED = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"(\xb5/\xfd": "zstd"}


@dataclass(slots=True)
class TarGroup:
    """The members of one sample, by ending."""

    key: str
    members: dict[str, TarMember] = field(default_factory=dict)

    def takes(self, key: str, ending: str) -> bool:
        """A second member of the same ending begins a second sample of the same key."""
        return key == self.key and ending not in self.members

    def fault(self, seen: set[str]) -> Reject | None:
        """Why nothing of this key is taken, if so; else the key is added to those seen."""
        if is_unsafe(self.key):
            return unsafe_name(self.key, next(iter(self.members.values())).name)
        if self.key in seen:
            return Reject(self.key, Reason.DUPLICATE_KEY, "an earlier sample of this shard has the same key")
        seen.add(self.key)
        return None

    def unread(self, *endings: str) -> Reject | None:
        """The first of these members that is there and was not read, as the reason to leave the sample out."""
        for member in (self.members[ending] for ending in endings if ending in self.members):
            if not member.is_regular:
                detail = f"{member.name} is a link, a device or a sparse file"
                return Reject(self.key, Reason.NOT_REGULAR_FILE, detail)
            if len(member.data) != member.size_bytes:
                return Reject(self.key, Reason.MEMBER_TOO_LARGE, f"{member.name} has {member.size_bytes} bytes")
        return None


def read_groups(
    shard: InputShard, path: StoragePath, size_bytes: int, most_bytes: Callable[[str], int]
) -> Iterator[TarGroup | Reject]:
    """Every group of members of one tar of a shard; those without an ending belong to no group.

    ``most_bytes`` says, by ending, how much of a member is read into memory.

    A run of damaged blocks is one DAMAGED_BLOCKS, its key the offset; a sample that lost members there is what its
    others make of it. A cut archive ends in one TRUNCATED_SHARD for the sample it hit: without an end mark that is the
    last one, which may have lost members. Raises InputError for a file without a member.
    """
    group: TarGroup | None = None
    is_tar = False
    with RetriedFile(path, size_bytes) as stream:
        if shard.limit is None:  # of a few samples, what lies behind them is not wanted
            stream.plan([(0, size_bytes)])
        archive = ArchiveBytes(stream, size_bytes)
        _refuse_compressed(archive, path)
        try:
            for member in _members(archive, most_bytes):
                if isinstance(member, DamagedBlocks):
                    yield _damaged(member)
                    continue
                is_tar = True
                key, ending = split_name(member.name)
                if not key:
                    continue
                if group is None or not group.takes(key, ending):
                    if group is not None:
                        yield group
                    group = TarGroup(key)
                group.members[ending] = member
        except BrokenTarError as broken:
            if not is_tar and broken.member is None:
                raise _no_tar(path, size_bytes, shard.source) from broken
            key = split_name(broken.member or "")[0]
            if group is not None and key not in ("", group.key):
                yield group
            lost = key or (group.key if group is not None else shard.name)
            yield Reject(lost, Reason.TRUNCATED_SHARD, f"{broken.detail}; all that followed is lost")
            return
    if group is not None:
        yield group
    if not is_tar:
        raise _no_tar(path, size_bytes, shard.source)


def _members(archive: ArchiveBytes, most_bytes: Callable[[str], int]) -> Iterator[TarMember | DamagedBlocks]:
    """As :func:`read_members` has them; damage before the first member waits for it: without one the file is no tar,
    and whoever looks at its beginning only is to be told so."""
    found = read_members(archive, lambda name: most_bytes(split_name(name)[1]))
    waiting: list[DamagedBlocks] = []
    try:
        for one in found:
            if isinstance(one, DamagedBlocks):
                waiting.append(one)
                continue
            yield from waiting
            yield one
            break
    except BrokenTarError as broken:
        if broken.member is not None:
            yield from waiting
        raise
    yield from found


def split_name(name: str) -> tuple[str, str]:
    """``./a/b.Seg.PNG`` → (``a/b``, ``seg.png``); an empty key for names without an ending and hidden files."""
    folder, slash, base = name.removeprefix("./").rpartition("/")
    stem, dot, ending = base.partition(".")
    return (folder + slash + stem, ending.lower()) if stem and dot else ("", "")


def _damaged(run: DamagedBlocks) -> Reject:
    size_bytes = run.end_offset - run.offset
    detail = f"{size_bytes} bytes from byte {run.offset} on follow no tar header; read on at the next one"
    return Reject(str(run.offset), Reason.DAMAGED_BLOCKS, detail)


def _refuse_compressed(archive: ArchiveBytes, path: StoragePath) -> None:
    start = archive.peek(BLOCK_BYTES)
    if member_size(start) is not None:
        return
    for magic, kind in _COMPRESSED.items():
        if start.startswith(magic):
            raise InputError(f"{path} is compressed ({kind}). Images are read by their place: decompress the tar.")


def _no_tar(path: StoragePath, size_bytes: int, source: str) -> InputError:
    what = f"no tar: {size_bytes} bytes without a member" if size_bytes else "an empty file"
    return InputError(
        f"{path} is {what}. Copy it again from where it came, leave it out of source {source}, or name its right "
        "format."
    )
