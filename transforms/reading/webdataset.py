"""WebDataset: a tar whose consecutive members with one base name are one sample.

The rule is webdataset's own: the key is the member's name, folders included, up to the first dot of its base name, and
the ending is all that follows. An image is the first member ending in .jpg, .jpeg, .png or .webp, in any case.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from transforms.errors import InputError
from transforms.reading.listing import InputShard
from transforms.reading.raw_sample import RawSample, checked_sample, is_unsafe, unsafe_name
from transforms.reading.retried_file import RetriedFile
from transforms.reading.settings import SourceSettings
from transforms.reading.source_record import NO_RECORD, read_record
from transforms.rejects import Reason, Reject
from transforms.tar.blocks import ArchiveBytes
from transforms.tar.fields import BLOCK_BYTES, member_size
from transforms.tar.reader import BrokenTarError, DamagedBlocks, TarMember, read_members

_IMAGE_ENDINGS = frozenset(("jpg", "jpeg", "png", "webp"))
_TEXT_ENDINGS = frozenset(("txt", "json"))
# Members are read into memory, hundreds of samples of them at a time. The largest image that is decoded by default, of
# 100 million pixels, has 300 MB when nothing is compressed; captions and records of a kilobyte are long
_MOST_IMAGE_BYTES = 256 << 20
_MOST_TEXT_BYTES = 16 << 20
_COMPRESSED = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"(\xb5/\xfd": "zstd"}


@dataclass(slots=True)
class _SampleMembers:
    """The members of one sample, by ending."""

    key: str
    members: dict[str, TarMember] = field(default_factory=dict)

    def takes(self, key: str, ending: str) -> bool:
        """A second member of the same ending begins a second sample of the same key."""
        return key == self.key and ending not in self.members


def read_webdataset(shard: InputShard, source: SourceSettings) -> Iterator[RawSample | Reject]:
    """Every group of members as one sample or one reject; members without an ending belong to no group.

    A run of damaged blocks is one DAMAGED_BLOCKS, its key the offset; a sample that lost members there is what its
    others make of it. A cut archive ends in one TRUNCATED_SHARD for the sample it hit: without an end mark that is the
    last one, which may have lost members. Raises InputError for a file without a member.
    """
    seen: set[str] = set()
    group: _SampleMembers | None = None
    is_tar = False
    with RetriedFile(shard.path, shard.size_bytes) as stream:
        archive = ArchiveBytes(stream, shard.size_bytes)
        _refuse_compressed(archive, shard)
        try:
            for member in read_members(archive, _most_bytes):
                if isinstance(member, DamagedBlocks):
                    yield _damaged(member)
                    continue
                is_tar = True
                key, ending = split_member_name(member.name)
                if not key:
                    continue
                if group is None or not group.takes(key, ending):
                    if group is not None:
                        yield _sample(group, seen, source)
                    group = _SampleMembers(key)
                group.members[ending] = member
        except BrokenTarError as broken:
            if not is_tar and broken.member is None:
                raise _no_tar(shard) from broken
            key = split_member_name(broken.member or "")[0]
            if group is not None and key not in ("", group.key):
                yield _sample(group, seen, source)
            lost = key or (group.key if group is not None else shard.name)
            yield Reject(lost, Reason.TRUNCATED_SHARD, f"{broken.detail}; all that followed is lost")
            return
    if group is not None:
        yield _sample(group, seen, source)
    if not is_tar:
        raise _no_tar(shard)


def _damaged(run: DamagedBlocks) -> Reject:
    size_bytes = run.end_offset - run.offset
    detail = f"{size_bytes} bytes from byte {run.offset} on follow no tar header; read on at the next one"
    return Reject(str(run.offset), Reason.DAMAGED_BLOCKS, detail)


def split_member_name(name: str) -> tuple[str, str]:
    """``./a/b.Seg.PNG`` → (``a/b``, ``seg.png``); an empty key for names without an ending and hidden files."""
    folder, slash, base = name.removeprefix("./").rpartition("/")
    stem, dot, ending = base.partition(".")
    return (folder + slash + stem, ending.lower()) if stem and dot else ("", "")


def _most_bytes(name: str) -> int:
    ending = split_member_name(name)[1]
    if ending in _IMAGE_ENDINGS:
        return _MOST_IMAGE_BYTES
    return _MOST_TEXT_BYTES if ending in _TEXT_ENDINGS else 0


def _sample(group: _SampleMembers, seen: set[str], source: SourceSettings) -> RawSample | Reject:
    key, members = group.key, group.members
    if is_unsafe(key):
        return unsafe_name(key, next(iter(members.values())).name)
    if key in seen:
        return Reject(key, Reason.DUPLICATE_KEY, "an earlier sample of this shard has the same key")
    seen.add(key)
    images = [member for ending, member in members.items() if ending in _IMAGE_ENDINGS]
    image = next((member for member in images if member.is_regular), images[0] if images else None)
    if image is None:
        return Reject(key, Reason.MISSING_IMAGE, f"no image among its members: {', '.join(members)}")
    for member in (image, members.get("txt"), members.get("json")):
        if member is not None and not (member.is_regular and len(member.data) == member.size_bytes):
            return _not_read(key, member)
    record = read_record(members["json"].data) if "json" in members else NO_RECORD
    caption: bytes | str | None = None
    if "txt" in members:
        caption = members["txt"].data
    elif record.values is not None and isinstance(record.values.get("caption"), str):
        caption = record.values["caption"]
    required = source.caption == "required"
    return checked_sample(key, image.data, caption, image.data_offset, required, record)


def _not_read(key: str, member: TarMember) -> Reject:
    if not member.is_regular:
        return Reject(key, Reason.NOT_REGULAR_FILE, f"{member.name} is a link, a device or a sparse file")
    return Reject(key, Reason.MEMBER_TOO_LARGE, f"{member.name} has {member.size_bytes} bytes")


def _refuse_compressed(archive: ArchiveBytes, shard: InputShard) -> None:
    start = archive.peek(BLOCK_BYTES)
    if member_size(start) is not None:
        return
    for magic, kind in _COMPRESSED.items():
        if start.startswith(magic):
            raise InputError(
                f"{shard.path} is compressed ({kind}). Images are read by their place: decompress the tar."
            )


def _no_tar(shard: InputShard) -> InputError:
    what = f"no tar: {shard.size_bytes} bytes without a member" if shard.size_bytes else "an empty file"
    return InputError(
        f"{shard.path} is {what}. Copy it again from where it came, leave it out of source {shard.source}, or name its "
        "right format."
    )
