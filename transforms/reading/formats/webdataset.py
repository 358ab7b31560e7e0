"""WebDataset: a tar whose consecutive members with one base name are one sample.

An image is the first member ending in .jpg, .jpeg, .png or .webp, in any case; .tiff or .tif where there is none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from transforms.reading.files import file_shards
from transforms.reading.formats.format import Format
from transforms.reading.formats.tar_groups import TarGroup, read_groups
from transforms.reading.input_shard import InputShard
from transforms.reading.range_reader import RangeReader
from transforms.reading.raw_sample import RawSample, checked_sample
from transforms.reading.retried_file import RetriedFile
from transforms.reading.settings import SourceSettings
from transforms.reading.source_record import NO_RECORD, read_record
from transforms.rejects import Counts, Reason, Reject
from transforms.storage import StoragePath

_USUAL_ENDINGS = frozenset(("jpg", "jpeg", "png", "webp"))
_IMAGE_ENDINGS = _USUAL_ENDINGS | {"tiff", "tif"}
_TEXT_ENDINGS = frozenset(("txt", "json"))
# Members are read into memory, hundreds of samples of them at a time. The largest image that is decoded by default, of
# 100 million pixels, has 300 MB when nothing is compressed; captions and records of a kilobyte are long
_MOST_IMAGE_BYTES = 256 << 20
_MOST_TEXT_BYTES = 16 << 20
#: A sample in a tar takes two blocks of 512 bytes at least: the header of its image, and one of its bytes.
_LEAST_SAMPLE_BYTES = 1024
#: Keys that come again are rare where the samples of a tar stand whole, and half of all where its members are sorted
#: by ending.
_UNSORTED_SHARE = 0.01


def read_webdataset(shard: InputShard, source: SourceSettings) -> Iterator[RawSample | Reject]:
    """Every group of members as one sample or one reject; ``member_offset`` is the byte where the image begins.

    Raises as :func:`transforms.reading.formats.tar_groups.read_groups` does.
    """
    seen: set[str] = set()
    for group in read_groups(shard, shard.path, shard.size_bytes, most_bytes):
        yield group if isinstance(group, Reject) else _sample(group, seen, source)


def most_bytes(ending: str) -> int:
    """What is read of a member into memory."""
    if ending in _IMAGE_ENDINGS:
        return _MOST_IMAGE_BYTES
    return _MOST_TEXT_BYTES if ending in _TEXT_ENDINGS else 0


def image_ending(group: TarGroup) -> str | None:
    """Which member of a group is its image."""
    endings = [ending for ending in group.members if ending in _USUAL_ENDINGS]
    endings = endings or [ending for ending in group.members if ending in _IMAGE_ENDINGS]
    return next((ending for ending in endings if group.members[ending].is_regular), endings[0] if endings else None)


def no_image(group: TarGroup) -> Reject:
    return Reject(group.key, Reason.MISSING_IMAGE, f"no image among its members: {', '.join(group.members)}")


def _sample(group: TarGroup, seen: set[str], source: SourceSettings) -> RawSample | Reject:
    if fault := group.fault(seen):
        return fault
    ending = image_ending(group)
    if ending is None:
        return no_image(group)
    if fault := group.unread(ending, "txt", "json"):
        return fault
    members = group.members
    record = read_record(members["json"].data) if "json" in members else NO_RECORD
    caption: bytes | str | None = None
    if "txt" in members:
        caption = members["txt"].data
    elif record.values is not None and isinstance(record.values.get("caption"), str):
        caption = record.values["caption"]
    image, required = members[ending], source.caption == "required"
    return checked_sample(group.key, image.data, caption, image.data_offset, required, record)


class TarImages:
    """Images by the byte at which they begin."""

    def __init__(self, path: StoragePath) -> None:
        self._file = RangeReader(path) if path.root else RetriedFile(path)
        self.takes_turns = isinstance(self._file, RetriedFile)

    def read_into(self, member_offset: int, target: memoryview) -> int:
        if isinstance(self._file, RangeReader):
            found = self._file.read(member_offset, len(target))
            target[: len(found)] = found
            return len(found)
        self._file.seek(member_offset)
        return self._file.readinto(target)

    def close(self) -> None:
        self._file.close()


def _most_samples(shards: Sequence[InputShard]) -> int:
    return sum(shard.size_bytes for shard in shards) // _LEAST_SAMPLE_BYTES


def hint(counts: Counts) -> str | None:
    """Of tars whose samples do not stand together."""
    again = counts.rejects.get(Reason.DUPLICATE_KEY, 0)
    if again < max(1, _UNSORTED_SHARE * counts.rows_in):
        return None
    parts = sum(counts.rejects.get(reason, 0) for reason in (Reason.MISSING_IMAGE, Reason.MISSING_CAPTION))
    return (
        f"{again} times the key of an earlier sample of the same shard came again (duplicate_key), and {parts} samples "
        "lack an image or a caption. The members of one sample must follow one another in a tar. Where they do not "
        "(`tar -tf SHARD.tar` lists them), sort them by name:\n"
        "  mkdir unpacked && tar -xf SHARD.tar -C unpacked && tar --sort=name -cf SORTED.tar -C unpacked ."
    )


WEBDATASET = Format(
    about="tars",
    endings=(".tar",),
    cut=file_shards,
    guess=lambda _: {},
    read=read_webdataset,
    open_images=lambda shard, _: TarImages(shard.path),
    decodes_groups=lambda _: False,
    offsets_are_bytes=True,
    most_samples=_most_samples,
    is_counted=False,
    hint=hint,
)
