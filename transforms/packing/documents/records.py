"""Instruction records in JSON and JSON Lines as documents, with the images and videos that lie in files beside them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from transforms.conversations.adapters import Conversation, of_record, to_document
from transforms.conversations.document import ImageSize, VideoSize
from transforms.conversations.json_records import MalformedRecord, read_json
from transforms.images.header import ImageFault
from transforms.packing.documents.measured import measured_image, measured_video
from transforms.packing.documents.media import LocatedDocument, Media, read_regular
from transforms.packing.documents.video_bytes import VideoFault, VideoSampling
from transforms.packing.inputs import PackInput
from transforms.packing.sources import PackSource
from transforms.reading.raw_sample import is_unsafe
from transforms.rejects import Reason, Reject
from transforms.storage import StoragePath


def read_records(part: PackInput, source: PackSource, sampling: VideoSampling) -> Iterator[LocatedDocument | Reject]:
    """Every record as a document or a reject, in order; its key is its number in the file, or its line's first byte."""
    folder = StoragePath.of(source.media) if source.media else part.path.parent
    files = _MediaFiles(folder, source, sampling)
    for key, record in read_json(part):
        if isinstance(record, MalformedRecord):
            yield Reject(key, Reason.MALFORMED_RECORD, record.detail)
            continue
        if not isinstance(record, dict):
            yield Reject(key, Reason.MALFORMED_RECORD, f"not a JSON object: {str(record)[:80]}")
            continue
        conversation = of_record(key, record)
        yield conversation if isinstance(conversation, Reject) else files.locate(key, conversation)


class _MediaFiles:
    """Finds and measures what the records of one file show."""

    def __init__(self, folder: StoragePath, source: PackSource, sampling: VideoSampling) -> None:
        self._folder, self._source, self._sampling = folder, source, sampling

    def locate(self, key: str, conversation: Conversation) -> LocatedDocument | Reject:
        images, sizes, videos, video_sizes = [], [], [], []
        for reference in conversation.images:
            found = self._image(key, reference)
            if isinstance(found, Reject):
                return found
            images.append(found[0])
            sizes.append(found[1])
        for reference in conversation.videos:
            shown = self._video(key, reference)
            if isinstance(shown, Reject):
                return shown
            videos.append(shown[0])
            video_sizes.append(shown[1])
        document = to_document(key, self._source.name, conversation, sizes, video_sizes)
        return document if isinstance(document, Reject) else LocatedDocument(document, tuple(images), tuple(videos))

    def _image(self, key: str, reference: Any) -> tuple[Media, ImageSize] | Reject:
        read = self._read(key, reference, Reason.MISSING_IMAGE)
        if isinstance(read, Reject):
            return read
        path, data = read
        found = measured_image(data, path, None, self._source.verify_images)
        if isinstance(found, ImageFault):
            return Reject(key, found.reason, f"{_shown(reference)}: {found.detail}")
        return found

    def _video(self, key: str, reference: Any) -> tuple[Media, VideoSize] | Reject:
        read = self._read(key, reference, Reason.MISSING_VIDEO)
        if isinstance(read, Reject):
            return read
        path, data = read
        found = measured_video(data, path, None, path.name, self._sampling)
        if isinstance(found, VideoFault):
            return Reject(key, found.reason, f"{_shown(reference)}: {found.detail}")
        return found

    def _read(self, key: str, reference: Any, missing: Reason) -> tuple[StoragePath, bytes] | Reject:
        if not isinstance(reference, str) or reference.startswith(("http://", "https://", "data:")):
            return Reject(key, missing, f"not the name of a file: {_shown(reference)}")
        if "\0" in reference:
            return Reject(key, Reason.MALFORMED_RECORD, f"a name that holds NUL: {_shown(reference)}")
        name = reference.removeprefix("file://").removeprefix(self._source.media_prefix)
        name = name.removeprefix(f"{self._folder}/")
        if is_unsafe(name):
            return Reject(key, Reason.UNSAFE_MEMBER_NAME, f"{_shown(reference)} is not below the folder of media")
        path = self._folder / name
        data = read_regular(path)
        return Reject(key, missing, f"{_shown(reference)}: {data}") if isinstance(data, str) else (path, data)


def _shown(reference: Any) -> str:
    """A reference as a detail shows it."""
    return str(reference)[:200]
