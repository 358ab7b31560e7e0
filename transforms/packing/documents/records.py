"""Instruction records in JSON and JSON Lines as documents, with the images and videos that lie in files beside them."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

from transforms.conversations.adapters import Conversation, of_record, to_document
from transforms.conversations.document import ImageSize, VideoSize
from transforms.errors import InputError
from transforms.images.header import ImageFault
from transforms.packing.documents.image_bytes import measure_image, verify_image
from transforms.packing.documents.media import Located, Media
from transforms.packing.documents.video_bytes import VideoSampling, measure_video, shown_frames
from transforms.packing.job.inputs import PackInput
from transforms.packing.job.settings import PackSource
from transforms.reading.raw_sample import is_unsafe
from transforms.rejects import Reason, Reject
from transforms.storage import StoragePath

_BUFFER_BYTES = 1 << 20


def read_records(part: PackInput, source: PackSource, sampling: VideoSampling) -> Iterator[Located | Reject]:
    """Every record as a document or a reject, in order; its key is its number in the file, or its line's first byte."""
    folder = StoragePath.of(source.media) if source.media else part.path.parent
    files = _MediaFiles(folder, source, sampling)
    for key, record in _records(part):
        if not isinstance(record, dict):
            yield Reject(key, Reason.MALFORMED_RECORD, f"not a JSON object: {str(record)[:80]}")
            continue
        conversation = of_record(key, record)
        yield conversation if isinstance(conversation, Reject) else files.locate(key, conversation)


def _records(part: PackInput) -> Iterator[tuple[str, Any]]:
    if part.path.name.lower().endswith(".json"):
        try:
            records = json.loads(part.path.read_bytes())
        except ValueError as error:
            raise InputError(f"source {part.source}: {part.path} is not JSON: {error}") from error
        if not isinstance(records, list):
            raise InputError(f"source {part.source}: {part.path} must hold a list of records")
        yield from ((f"{number:08d}", record) for number, record in enumerate(records))
        return
    for offset, line in _lines(part):
        if line.strip():
            try:
                yield f"{offset:012d}", json.loads(line)
            except ValueError as error:
                yield f"{offset:012d}", f"{error}"


def _lines(part: PackInput) -> Iterator[tuple[int, bytes]]:
    """The lines that begin in the range, each with the place of its first byte."""
    with io.BufferedReader(part.path.open_random(), _BUFFER_BYTES) as file:
        offset = part.first_byte
        if offset:  # the line that began before belongs to the range before
            file.seek(offset - 1)
            offset += len(file.readline()) - 1
        file.seek(offset)
        while offset < part.end_byte and (line := file.readline()):
            yield offset, line
            offset += len(line)


class _MediaFiles:
    """Finds and measures what the records of one file show."""

    def __init__(self, folder: StoragePath, source: PackSource, sampling: VideoSampling) -> None:
        self._folder, self._source, self._sampling = folder, source, sampling

    def locate(self, key: str, conversation: Conversation) -> Located | Reject:
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
        return document if isinstance(document, Reject) else Located(document, tuple(images), tuple(videos))

    def _image(self, key: str, reference: Any) -> tuple[Media, ImageSize] | Reject:
        read = self._read(key, reference, Reason.MISSING_IMAGE)
        if isinstance(read, Reject):
            return read
        path, data = read
        measured = measure_image(data)
        fault = measured if isinstance(measured, ImageFault) else None
        if fault is None and self._source.verify_images:
            fault = verify_image(data)
        if fault is not None or isinstance(measured, ImageFault):
            assert fault is not None
            return Reject(key, fault.reason, f"{reference}: {fault.detail}")
        return Media(path, len(data), measured[1]), measured[0]

    def _video(self, key: str, reference: Any) -> tuple[Media, VideoSize] | Reject:
        read = self._read(key, reference, Reason.MISSING_VIDEO)
        if isinstance(read, Reject):
            return read
        path, data = read
        try:
            measure = measure_video(data)
        except ValueError as error:
            return Reject(key, Reason.MISSING_VIDEO, f"{reference}: {error}")
        ending = path.name.rpartition(".")[2].lower()
        media = Media(path, len(data), ending if ending.isalnum() else "video", total_frames=measure.total_frames)
        return media, VideoSize(shown_frames(measure, self._sampling), measure.width, measure.height)

    def _read(self, key: str, reference: Any, missing: Reason) -> tuple[StoragePath, bytes] | Reject:
        if not isinstance(reference, str) or reference.startswith(("http://", "https://", "data:")):
            return Reject(key, missing, f"not the name of a file: {str(reference)[:200]}")
        name = reference.removeprefix("file://").removeprefix(self._source.media_prefix)
        name = name.removeprefix(f"{self._folder}/")
        if is_unsafe(name):
            return Reject(key, Reason.UNSAFE_MEMBER_NAME, f"{reference} is not below {self._folder}")
        path = self._folder / name
        try:
            return path, path.read_bytes()
        except OSError:
            return Reject(key, missing, f"not found: {path}")
