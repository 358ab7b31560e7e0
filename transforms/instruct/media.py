"""The images and videos of rows: found by their names, measured from their bytes, hashed."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple, TypeGuard

from transforms.images.decode import DecodeSettings, decode
from transforms.images.hashing import HASHED_SIDE, content_hash, perceptual_hashes
from transforms.images.header import PILLOW_MAX_PIXELS, ImageFault, open_image, orientation
from transforms.images.thumbnail import grey_thumbnail
from transforms.instruct.rows import MediaKind, Medium
from transforms.instruct.settings import InstructSource
from transforms.packing.documents.media import read_regular
from transforms.packing.documents.video_bytes import VideoFault, measure_video
from transforms.reading.raw_sample import is_unsafe
from transforms.rejects import Reason, Reject
from transforms.storage import StoragePath

_URLS = ("http://", "https://", "data:")
_MOST_KNOWN = 100_000  # some 60 MB, and 30 MB of what images look like
_ANY_SIZE = DecodeSettings(max_pixels=PILLOW_MAX_PIXELS, min_side=1)  # what is too small to learn from is not said here
_LEAST_SIDE = 4 * HASHED_SIDE  # pixels that a JPEG keeps when it is decoded for its hash alone


class Measured(NamedTuple):
    """``orientation``: EXIF's, 1 to 8, of an image; the medium's width and height are those after it."""

    medium: Medium
    orientation: int = 1


def referenced(kind: MediaKind, reference: Any) -> Medium:
    """What a record says of a medium: a name, a URL, a ``data:`` URI, or bytes and a name as Hugging Face has them.

    One that says nothing has neither uri nor bytes.
    """
    if isinstance(reference, Medium):
        return reference
    if isinstance(reference, Mapping):
        data = reference.get("bytes")
        name = reference.get("path") or reference.get("url")
        if isinstance(data, bytes):
            return Medium(kind, member=name if is_writable(name) else None, data=data)
        return referenced(kind, name)
    if isinstance(reference, bytes):
        return Medium(kind, data=reference)
    if not is_writable(reference):
        return Medium(kind)
    if reference.startswith("data:"):
        return Medium(kind, data=_decoded(reference))
    return Medium(kind, uri=reference, origin_url=reference if reference.startswith(_URLS) else None)


def is_writable(name: Any) -> TypeGuard[str]:
    """Text without lone surrogates, for which there is no UTF-8."""
    try:
        return isinstance(name, str) and name.encode() is not None
    except UnicodeEncodeError:
        return False


def _decoded(uri: str) -> bytes | None:
    """Of ``data:image/png;base64,…`` (RFC 2397); None for what is none."""
    try:
        return base64.b64decode(uri.partition(",")[2], validate=True)
    except (binascii.Error, ValueError):
        return None


class MediaFiles:
    """Finds and measures the media that the records of one file name."""

    def __init__(self, source: InstructSource, records: StoragePath) -> None:
        self._folder = StoragePath.of(source.media) if source.media else records.parent
        self._prefix = source.media_prefix
        self._known: dict[str, Measured] = {}  # files: many rows ask about one picture

    def measure(self, key: str, medium: Medium) -> Measured | Reject:
        """With its size, format and hash; its bytes stay where no file holds them alone."""
        missing = Reason.MISSING_IMAGE if medium.kind == "image" else Reason.MISSING_VIDEO
        if medium.data is not None:
            data, placed = medium.data, medium
            if medium.uri is not None:  # in a tar, to be read again from there
                placed = replace(medium, data=None)
        else:
            path = self.place(medium.uri)
            if isinstance(path, str):
                return Reject(key, missing, path)
            if path is None:
                return Reject(key, Reason.UNSAFE_MEMBER_NAME, f"{medium.uri!r} is not below the folder of media")
            if (known := self._known.get(str(path))) is not None and known.medium.kind == medium.kind:
                return known._replace(medium=replace(known.medium, licence=medium.licence))
            read = read_regular(path)
            if isinstance(read, str):
                return Reject(key, missing, f"{_shown(medium.uri)}: {read}")
            data, placed = read, replace(medium, uri=str(path))
        found = self._measured(key, replace(placed, size_bytes=len(data)), data)
        if isinstance(found, Measured) and medium.data is None and len(self._known) < _MOST_KNOWN:
            self._known[str(placed.uri)] = found
        return found

    def place(self, uri: str | None) -> StoragePath | str | None:
        """The file that a name means; text where it names none, None for one outside the folder of media."""
        if uri is None or uri.startswith(_URLS) or "\0" in uri:
            return f"not the name of a file: {_shown(uri)}"
        name = uri.removeprefix("file://").removeprefix(self._prefix).removeprefix(f"{self._folder}/")
        return None if is_unsafe(name) else self._folder / name

    def _measured(self, key: str, medium: Medium, data: bytes) -> Measured | Reject:
        hashed = replace(medium, content_hash=content_hash(data))
        name = _shown(medium.member or medium.uri)
        if medium.kind == "video":
            video = measure_video(data)
            if isinstance(video, VideoFault):
                return Reject(key, video.reason, f"{name}: {video.detail}")
            ending = (medium.member or medium.uri or "").rpartition(".")[2].lower()
            sized = replace(hashed, width=video.width, height=video.height, frames=video.total_frames)
            return Measured(replace(sized, format=ending if ending.isalnum() else "video"))
        seen = _seen(hashed.content_hash or b"", data)
        if isinstance(seen, ImageFault):
            return Reject(key, seen.reason, f"{name}: {seen.detail}")
        sized = replace(
            hashed, format=seen.format, width=seen.width, height=seen.height, perceptual_hash=seen.perceptual_hash
        )
        return Measured(sized, seen.orientation)


class _Seen(NamedTuple):
    """What decoding an image tells."""

    format: str
    width: int
    height: int
    perceptual_hash: bytes
    orientation: int


_SEEN: dict[bytes, _Seen] = {}  # by their bytes, of this process: files of one set, and shards, show them again


def _seen(content: bytes, data: bytes) -> _Seen | ImageFault:
    if (known := _SEEN.get(content)) is not None:
        return known
    image = decode(data, _ANY_SIZE, _LEAST_SIDE)
    if isinstance(image, ImageFault):
        return image
    header = open_image(data, PILLOW_MAX_PIXELS)
    assert not isinstance(header, ImageFault)  # it was decoded
    looks = int(perceptual_hashes(grey_thumbnail(image, HASHED_SIDE)[None])[0]).to_bytes(8, "big")
    if len(_SEEN) >= _MOST_KNOWN:
        _SEEN.clear()
    _SEEN[content] = found = _Seen(image.format, image.width, image.height, looks, orientation(header))
    return found


def _shown(name: str | None) -> str:
    return "no name" if name is None else name[:200]
