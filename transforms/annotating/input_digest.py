"""One number for all that a shard holds: equal where every sample, image, caption and place is.

Taken while a shard is annotated, from the hashes of images that are taken anyway.
"""

from __future__ import annotations

import xxhash

from transforms.images.hashing import content_hash
from transforms.reading.listing import InputShard
from transforms.reading.samples import RawSample, read_samples
from transforms.reading.settings import SourceSettings
from transforms.rejects import Reject

_NOT_HASHED = ("image", "metadata")  # the image's own hash is; what is made of metadata is no part of annotations
_HASHED = [RawSample._fields.index(name) for name in RawSample._fields if name not in _NOT_HASHED]


class InputDigest:
    """Grows by what :func:`sample_digest` gives for each sample, in the order of the shard."""

    def __init__(self) -> None:
        self._hash = xxhash.xxh3_128()

    def add(self, digest: bytes) -> None:
        self._hash.update(digest)

    def hexdigest(self) -> str:
        return self._hash.hexdigest()


def sample_digest(sample: RawSample | Reject, image_hash: bytes = b"") -> bytes:
    """``image_hash`` is that of the image's bytes; nothing for a sample that was rejected as it was read."""
    values = tuple(sample) if isinstance(sample, Reject) else tuple(sample[index] for index in _HASHED)
    return xxhash.xxh3_128_digest(ascii((values, image_hash)))


def digest_of(shard: InputShard, source: SourceSettings) -> str:
    """By reading the whole shard, nothing decoded."""
    digest = InputDigest()
    for sample in read_samples(shard, source):
        digest.add(sample_digest(sample, content_hash(sample.image) if isinstance(sample, RawSample) else b""))
    return digest.hexdigest()
