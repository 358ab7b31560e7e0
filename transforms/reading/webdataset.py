"""WebDataset: a tar whose consecutive members with one base name are one sample.

The rule is webdataset's own: the key is the member's name, folders included, up to the first dot of its base name, and
the ending is all that follows. An image is the first member ending in .jpg, .jpeg, .png or .webp, in any case.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from transforms.errors import InputError
from transforms.reading.listing import InputShard
from transforms.reading.raw_sample import RawSample, checked_sample, is_unsafe, unsafe_name
from transforms.reading.settings import SourceSettings
from transforms.rejects import Reason, Reject
from transforms.tar.reader import BrokenTarError, TarMember, read_members

_IMAGE_ENDINGS = frozenset(("jpg", "jpeg", "png", "webp"))
_READ_ENDINGS = _IMAGE_ENDINGS | {"txt", "json"}
_COMPRESSED = {b"\x1f\x8b": "gzip", b"BZ": "bzip2", b"\xfd7": "xz", b"(\xb5": "zstd"}


@dataclass(slots=True)
class _Group:
    """The members of one sample, by ending."""

    key: str
    members: dict[str, TarMember] = field(default_factory=dict)

    def takes(self, key: str, ending: str) -> bool:
        """A second member of the same ending begins a second sample of the same key."""
        return key == self.key and ending not in self.members


def read_webdataset(shard: InputShard, source: SourceSettings) -> Iterator[RawSample | Reject]:
    """Every group of members as one sample or one reject; members without an ending belong to no group.

    A broken archive yields what stands before the break, then one TRUNCATED_SHARD for the sample it hit: without an
    end mark that is the last one, which may have lost members. Raises InputError for a file that is no tar.
    """
    seen: set[str] = set()
    group: _Group | None = None
    with shard.path.open_stream() as stream:
        try:
            for member in read_members(stream, shard.size_bytes, _is_read):
                key, ending = _split(member.name)
                if not key:
                    continue
                if group is None or not group.takes(key, ending):
                    if group is not None:
                        yield _sample(group, seen, source)
                    group = _Group(key)
                group.members[ending] = member
        except BrokenTarError as broken:
            if broken.offset == 0 and broken.member is None:
                raise InputError(_no_tar(shard)) from broken
            key = _split(broken.member or "")[0]
            if group is not None and key not in ("", group.key):
                yield _sample(group, seen, source)
            lost = key or (group.key if group is not None else shard.name)
            yield Reject(lost, Reason.TRUNCATED_SHARD, f"{broken.detail}; all that followed is lost")
            return
    if group is not None:
        yield _sample(group, seen, source)


def _split(name: str) -> tuple[str, str]:
    """``./a/b.Seg.PNG`` → (``a/b``, ``seg.png``); an empty key for names without an ending and hidden files."""
    folder, slash, base = name.removeprefix("./").rpartition("/")
    stem, dot, ending = base.partition(".")
    return (folder + slash + stem, ending.lower()) if stem and dot else ("", "")


def _is_read(name: str) -> bool:
    return _split(name)[1] in _READ_ENDINGS


def _sample(group: _Group, seen: set[str], source: SourceSettings) -> RawSample | Reject:
    key, members = group.key, group.members
    if is_unsafe(key):
        return unsafe_name(key, next(iter(members.values())).name)
    if key in seen:
        return Reject(key, Reason.DUPLICATE_KEY, "an earlier sample of this shard has the same key")
    seen.add(key)
    image = next((member for ending, member in members.items() if ending in _IMAGE_ENDINGS), None)
    if image is None:
        return Reject(key, Reason.MISSING_IMAGE, f"no image among its members: {', '.join(members)}")
    metadata = _metadata(members["json"].data) if "json" in members else None
    caption: bytes | str | None = None
    if "txt" in members:
        caption = members["txt"].data
    elif metadata is not None and isinstance(metadata.get("caption"), str):
        caption = metadata["caption"]
    required = source.caption == "required"
    return checked_sample(key, image.data, caption, image.data_offset, required, metadata)


def _metadata(data: bytes) -> dict[str, Any] | None:
    """The JSON object, or None: metadata that cannot be read is no reason to drop an image."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _no_tar(shard: InputShard) -> str:
    with shard.path.open_stream() as stream:
        start = stream.read(2)
    if start in _COMPRESSED:
        return f"{shard.path} is compressed ({_COMPRESSED[start]}). Images are read by their place: decompress the tar."
    what = f"no tar: {shard.size_bytes} bytes without a tar header" if start else "an empty file"
    return f"{shard.path} is {what}. Remove it from source {shard.source}, or name its right format."
