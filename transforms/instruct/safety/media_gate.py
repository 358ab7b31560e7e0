"""The images and videos of rows: which are on a list, and how near images are to what is not to be shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from transforms.batching import batched
from transforms.instruct.medium_bytes import read_distinct
from transforms.instruct.rows import Medium, Row
from transforms.instruct.safety.hash_lists import Md5List, PdqList, md5, pdq, read_hashes
from transforms.instruct.safety.settings import SafetySettings, UnsafeImagesSettings

if TYPE_CHECKING:
    from transforms.instruct.safety.unsafe_images import UnsafeImages

_BATCH = 64  # media whose bytes are held at once


@dataclass
class Seen:
    """By the hash of a medium's bytes: the lists that hold it, and how near an image is to its nearest concept."""

    listed: dict[bytes, list[str]] = field(default_factory=dict)
    scores: dict[bytes, float] = field(default_factory=dict)

    def lists_of(self, row: Row) -> list[str]:
        return sorted({name for one in row.media for name in self.listed.get(one.content_hash or b"", ())})

    def scores_of(self, row: Row) -> list[float]:
        return [self.scores[one.content_hash] for one in row.media if one.content_hash in self.scores]


class MediaGate:
    """Lists and encoder, loaded. Raises ConfigError for what cannot be had."""

    def __init__(self, settings: SafetySettings) -> None:
        self._md5: dict[str, Md5List] = {}
        self._pdq: dict[str, PdqList] = {}
        for name, one in sorted(settings.hash_lists.items()):
            hashes = read_hashes(one.path, one.kind, f"safety.hash_lists.{name}.path")
            if one.kind == "md5":
                self._md5[name] = Md5List(hashes)
            else:
                self._pdq[name] = PdqList(hashes, one.max_distance)
        self._encoder = None if settings.unsafe_images is None else _encoder(settings.unsafe_images)

    def look(self, rows: Sequence[Row]) -> Seen:
        """Each medium is read once. Raises InputError for one that cannot be read any more."""
        seen = Seen()
        if not self._md5 and not self._pdq and self._encoder is None:
            return seen
        for batch in batched(read_distinct(rows), _BATCH):
            images = [(content, data) for content, medium, data in batch if medium.kind == "image"]
            for name, content in (*self._by_md5(batch), *self._by_pdq(images)):
                seen.listed.setdefault(content, []).append(name)
            if self._encoder is not None:
                seen.scores.update(self._encoder.scores(images))
        return seen

    def _by_md5(self, media: Sequence[tuple[bytes, Medium, bytes]]) -> Iterator[tuple[str, bytes]]:
        hashes = [(content, md5(data)) for content, _, data in media] if self._md5 else []
        return _on_lists(self._md5, hashes)

    def _by_pdq(self, images: Sequence[tuple[bytes, bytes]]) -> Iterator[tuple[str, bytes]]:
        looks = [(content, pdq(data)) for content, data in images] if self._pdq else []
        return _on_lists(self._pdq, [(content, one) for content, one in looks if one is not None])


def _on_lists(
    lists: dict[str, Md5List] | dict[str, PdqList], hashes: Sequence[tuple[bytes, bytes]]
) -> Iterator[tuple[str, bytes]]:
    for name, one in lists.items():
        held = one.holds([value for _, value in hashes])
        yield from ((name, content) for (content, _), hit in zip(hashes, held, strict=True) if hit)


def _encoder(settings: UnsafeImagesSettings) -> UnsafeImages:
    from transforms.instruct.safety.unsafe_images import UnsafeImages  # it brings torch, which nothing else here needs

    return UnsafeImages(settings)
