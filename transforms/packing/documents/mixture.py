"""Tars of an instruction mixture, as ``evenweave instruct`` publishes them, as documents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from transforms.conversations.adapters import to_document
from transforms.conversations.shapes import UnusableError
from transforms.images.header import ImageFault
from transforms.instruct.adapters.registry import ADAPTERS
from transforms.instruct.reading.inputs import InstructPart
from transforms.instruct.reading.tars import read_tar
from transforms.instruct.rows import Medium
from transforms.packing.documents.measured import measured_image, measured_video
from transforms.packing.documents.media import LocatedDocument
from transforms.packing.documents.video_bytes import VideoFault, VideoSampling
from transforms.packing.inputs import PackInput
from transforms.packing.sources import PackSource
from transforms.rejects import Reason, Reject

_ADAPTER = ADAPTERS["messages"]  # of the records that are published


def read_mixture(part: PackInput, source: PackSource, sampling: VideoSampling) -> Iterator[LocatedDocument | Reject]:
    """Every sample as a document or a reject, in order; an answer that is not learnt there is not learnt here."""
    tar = InstructPart(part.source, part.name, part.path, "tar", part.size_bytes, 0, part.size_bytes)
    for item in read_tar(tar):
        yield item if isinstance(item, Reject) else _document(*item, part, source, sampling)


def _document(
    key: str, record: Mapping[str, Any], part: PackInput, source: PackSource, sampling: VideoSampling
) -> LocatedDocument | Reject:
    try:
        said = _ADAPTER.read(record, place_media=False).conversation
    except UnusableError as unusable:
        return Reject(key, unusable.reason, unusable.detail)
    images, videos = [], []
    for medium in (*said.images, *said.videos):
        if not isinstance(medium, Medium) or medium.data is None:
            return Reject(key, Reason.MISSING_IMAGE, f"{str(medium)[:200]} is no member of this sample")
        if medium.kind == "image":
            found = measured_image(medium.data, part.path, medium.offset, source.verify_images)
            if isinstance(found, ImageFault):
                return Reject(key, found.reason, f"{medium.member}: {found.detail}")
            images.append(found)
        else:
            shown = measured_video(medium.data, part.path, medium.offset, medium.member or "", sampling)
            if isinstance(shown, VideoFault):
                return Reject(key, shown.reason, f"{medium.member}: {shown.detail}")
            videos.append(shown)
    document = to_document(key, source.name, said, [size for _, size in images], [size for _, size in videos])
    if isinstance(document, Reject):
        return document
    return LocatedDocument(document, tuple(one for one, _ in images), tuple(one for one, _ in videos))
