"""Tars of documents, as MINT-1T publishes those of PDFs and of arXiv: ``<key>.json`` and ``<key>.tiff``.

The JSON has ``texts`` and ``images`` of one length, each null where the other stands, and ``image_metadata``, an object
for each image in their order. The images are the pictures of the TIFF in their order; each is a sample, and a TIFF of
its own (:mod:`transforms.images.tiff_frames`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from transforms.errors import InputError
from transforms.images.tiff_frames import TiffError, frame, frame_places
from transforms.reading.document import POSITION_BITS, Document, image_key
from transforms.reading.files import file_shards
from transforms.reading.formats.format import Format, Found, fill
from transforms.reading.formats.tar_groups import TarGroup, read_groups
from transforms.reading.formats.webdataset import hint, most_bytes
from transforms.reading.input_shard import InputShard
from transforms.reading.raw_sample import RawSample, checked_sample
from transforms.reading.retried_file import RetriedFile
from transforms.reading.settings import SourceSettings
from transforms.reading.source_record import read_record
from transforms.rejects import Reason, Reject
from transforms.storage import StoragePath
from transforms.tar.fields import BLOCK_BYTES, member_size

_TIFF_ENDINGS = ("tiff", "tif")
_PARTS = ("texts", "images", "image_metadata")


def read_interleaved_webdataset(shard: InputShard, source: SourceSettings) -> Iterator[RawSample | Reject]:
    """Every image of every document as one sample or one reject; a document that cannot be taken apart is one reject.

    ``member_offset`` is the block of the tar where the TIFF begins, in the higher bits, and the number of the picture.
    """
    seen: set[str] = set()
    for group in read_groups(shard, shard.path, shard.size_bytes, most_bytes):
        if isinstance(group, Reject):
            yield group
        elif fault := group.fault(seen):
            yield fault
        else:
            yield from _images(group, source)


def _images(group: TarGroup, source: SourceSettings) -> Iterator[RawSample | Reject]:
    document = _document(group)
    if isinstance(document, Reject):
        yield document
        return
    positions = document.positions
    ending = _tiff(group)
    if ending is None:
        if positions:
            yield Reject(group.key, Reason.MISSING_IMAGE, f"no TIFF among its members: {', '.join(group.members)}")
        return
    member = group.members[ending]
    try:
        places = frame_places(member.data)
    except TiffError as error:
        yield Reject(group.key, Reason.UNDECODABLE_IMAGE, f"{member.name}: {error}")
        return
    if len(places) != len(positions):
        detail = f"{len(positions)} images are named, and {member.name} has {len(places)} pictures"
        yield Reject(group.key, Reason.FRAME_MISMATCH, detail)
        return
    for number, (position, place) in enumerate(zip(positions, places, strict=True)):
        key = image_key(group.key, position)
        try:
            image = frame(member.data, place)
        except TiffError as error:
            yield Reject(key, Reason.UNDECODABLE_IMAGE, f"picture {number} of {member.name}: {error}")
            continue
        offset = (member.data_offset // BLOCK_BYTES << POSITION_BITS) + number
        caption, record = document.caption(position, source), document.record(position)
        yield checked_sample(key, image, caption, offset, source.caption == "required", record)


def _document(group: TarGroup) -> Document | Reject:
    if "json" not in group.members:
        detail = f"no JSON among its members: {', '.join(group.members)}"
        return Reject(group.key, Reason.MALFORMED_RECORD, detail)
    if unread := group.unread("json", *_TIFF_ENDINGS):
        return unread
    values = read_record(group.members["json"].data).values
    if values is None:
        return Reject(group.key, Reason.MALFORMED_RECORD, "its JSON is no object")
    texts, images = _row(values.get("texts")), _row(values.get("images"))
    if texts is None or images is None or not len(texts) == len(images) < 1 << POSITION_BITS:
        return Reject(group.key, Reason.MALFORMED_RECORD, "texts and images are not two lists of texts of one length")
    about = {name: value for name, value in values.items() if name not in _PARTS}
    return Document(group.key, texts, images, _by_position(images, values.get("image_metadata")), about)


def _row(value: Any) -> list[str | None] | None:
    """A list of texts and nulls; None for anything else."""
    is_row = isinstance(value, list) and all(item is None or isinstance(item, str) for item in value)
    return value if is_row else None


def _by_position(images: list[str | None], metadata: Any) -> list[Any]:
    """What is said of the images in their order, at their positions; nothing where it is not said of each."""
    positions = [position for position, image in enumerate(images) if image is not None]
    row: list[Any] = [None] * len(images)
    if isinstance(metadata, list) and len(metadata) == len(positions):
        for position, of_image in zip(positions, metadata, strict=True):
            row[position] = of_image
    return row


def _tiff(group: TarGroup) -> str | None:
    return next((ending for ending in _TIFF_ENDINGS if ending in group.members), None)


class _Frames:
    """Pictures by the block of the tar where their TIFF begins, and their number; the last TIFF is kept."""

    takes_turns = True

    def __init__(self, path: StoragePath) -> None:
        self._file = RetriedFile(path)
        self._block, self._tiff, self._places = -1, b"", list[int]()

    def read_into(self, member_offset: int, target: memoryview) -> int:
        block, number = divmod(member_offset, 1 << POSITION_BITS)
        try:
            if block != self._block:
                self._tiff, self._places = self._open(block)
                self._block = block
            return fill(target, frame(self._tiff, self._places[number]))
        except TiffError as error:
            raise IndexError(member_offset) from error

    def _open(self, block: int) -> tuple[bytes, list[int]]:
        """The TIFF behind a header of the tar."""
        self._file.seek((block - 1) * BLOCK_BYTES)
        size_bytes = member_size(self._file.read(BLOCK_BYTES)) if block > 0 else None
        if size_bytes is None:
            raise IndexError(block)
        data = self._file.read(size_bytes)
        return data, frame_places(data)

    def close(self) -> None:
        self._file.close()


def _guess(found: Found) -> Mapping[str, str] | None:
    """By the first sample of a tar."""
    file = found.first
    try:
        shard = InputShard("input", file.name, "interleaved_webdataset", file, file.size_bytes(), limit=1)
        first = next(read_groups(shard, shard.path, shard.size_bytes, most_bytes), None)
    except InputError:
        return None
    if not isinstance(first, TarGroup) or _tiff(first) is None or isinstance(_document(first), Reject):
        return None
    return {}


INTERLEAVED_WEBDATASET = Format(
    about="tars of documents, a .json of texts and a .tiff of images each",
    endings=(".tar",),
    cut=file_shards,
    guess=_guess,
    read=read_interleaved_webdataset,
    open_images=lambda shard, _: _Frames(shard.path),
    decodes_groups=lambda _: False,
    offsets_are_bytes=False,
    most_samples=lambda _: None,
    is_counted=False,
    hint=hint,
)
