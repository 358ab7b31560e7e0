"""One number for all that was read of an input: equal where every document is, to the bytes of what it shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import xxhash

from transforms.packing.documents.media import LocatedDocument, Media
from transforms.rejects import Reject


class InputDigest:
    """Grows by whatever is read through :meth:`taking`, in its order. Where media lie has no part in it."""

    def __init__(self) -> None:
        self._hash = xxhash.xxh3_128()

    def taking(self, documents: Iterable[LocatedDocument | Reject]) -> Iterator[LocatedDocument | Reject]:
        for one in documents:
            self._hash.update(xxhash.xxh3_128_digest(ascii(_values(one))))
            yield one

    def hexdigest(self) -> str:
        return self._hash.hexdigest()


def _values(one: LocatedDocument | Reject) -> tuple[object, ...]:
    if isinstance(one, Reject):
        return tuple(one)
    return (one.document, [_media(media) for media in (*one.images, *one.videos)])


def _media(media: Media) -> tuple[object, ...]:
    return (media.size_bytes, media.ending, media.content_hash, media.offset, media.total_frames)
