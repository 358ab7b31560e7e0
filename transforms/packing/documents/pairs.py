"""Image-text tars as documents: the user shows the image, the assistant gives the caption."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from transforms.conversations.adapters import of_pair, size_mismatch, to_document
from transforms.conversations.document import ImageSize
from transforms.images.header import ImageFault
from transforms.packing.documents.measured import measured_image
from transforms.packing.documents.media import LocatedDocument
from transforms.packing.inputs import PackInput, webdataset_settings
from transforms.packing.sources import PackSource
from transforms.reading.raw_sample import RawSample
from transforms.reading.samples import read_samples
from transforms.rejects import Reject


def read_pairs(part: PackInput, source: PackSource) -> Iterator[LocatedDocument | Reject]:
    """Every sample of the tar as a document or a reject, in order."""
    for sample in read_samples(part.shard, webdataset_settings(source)):
        yield sample if isinstance(sample, Reject) else _document(sample, part, source)


def _document(sample: RawSample, part: PackInput, source: PackSource) -> LocatedDocument | Reject:
    measured = measured_image(sample.image, part.path, sample.member_offset, source.verify_images)
    if isinstance(measured, ImageFault):
        return Reject(sample.key, measured.reason, measured.detail)
    image, size = measured
    conversation = of_pair(sample.key, (sample.caption or "").strip(), sample.key)
    if isinstance(conversation, Reject):
        return conversation
    document = to_document(sample.key, source.name, conversation, [_stated_size(sample.metadata) or size])
    if isinstance(document, Reject):
        return document
    if mismatch := size_mismatch(document, 0, size):
        return mismatch
    return LocatedDocument(document, (image,))


def _stated_size(metadata: dict[str, Any] | None) -> ImageSize | None:
    """``width`` and ``height`` of the sample's JSON, which evenweave export and img2dataset write."""
    width, height = (metadata or {}).get("width"), (metadata or {}).get("height")
    return ImageSize(width, height) if isinstance(width, int) and isinstance(height, int) else None
