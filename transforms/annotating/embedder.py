"""Embed: a shard of raw samples to all that does not depend on the vocabulary; read, decode, hash, embed, overlapping.

Shape legend: N images of a batch, D embedding width.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from transforms.annotating.encoder import ClipEncoder
from transforms.annotating.imported_embeddings import ImportedEmbeddings
from transforms.annotating.input_digest import InputDigest, sample_digest
from transforms.annotating.language import detect_languages
from transforms.annotating.overlap import map_ordered, read_ahead
from transforms.annotating.settings import EncoderSettings
from transforms.batching import batched
from transforms.images.decode import DecodeSettings
from transforms.images.hashing import content_hash, perceptual_hashes
from transforms.images.header import ImageFault
from transforms.images.preprocess import PreparedImage
from transforms.keyed import sample_ids
from transforms.reading.listing import InputShard
from transforms.reading.samples import RawSample, read_samples
from transforms.reading.settings import SourceSettings
from transforms.rejects import Reject


class _Decoded(NamedTuple):
    sample: RawSample  # without its image bytes
    prepared: PreparedImage
    content_hash: bytes


class Embedded(NamedTuple):
    """N images: their embeddings (N, D), float32 on the encoder's device, and the columns of their annotations."""

    embeddings: torch.Tensor
    columns: dict[str, Any]


class Embedder:
    """What one worker keeps loaded: the encoder, the decoding threads."""

    def __init__(self, encoder: EncoderSettings, decode: DecodeSettings, caption_similarity: bool = False) -> None:
        self._encoder = ClipEncoder(encoder)
        self._batch_size = encoder.batch_size
        self._caption_similarity = caption_similarity
        self._preprocessor = self._encoder.preprocessor(decode)
        self._pool = ThreadPoolExecutor(encoder.decode_threads, thread_name_prefix="decode")
        self._imported: dict[str, ImportedEmbeddings] = {}  # by source

    @property
    def encoder(self) -> ClipEncoder:
        return self._encoder

    def embed(
        self, shard: InputShard, source: SourceSettings, digest: InputDigest
    ) -> Iterator[Embedded | list[Reject]]:
        """The shard in its order, batch by batch; ``digest`` takes every sample along."""
        for batch in batched(self._decoded(shard, source, digest), self._batch_size):
            if rejects := [item for item in batch if isinstance(item, Reject)]:
                yield rejects
            if images := [item for item in batch if isinstance(item, _Decoded)]:
                embeddings = self._embeddings(images, shard, source)
                yield Embedded(embeddings, self._columns(images, embeddings, shard, source))

    def _decoded(self, shard: InputShard, source: SourceSettings, digest: InputDigest) -> Iterator[_Decoded | Reject]:
        window = 2 * self._batch_size  # one batch in the model, one being decoded
        samples = read_ahead(read_samples(shard, source), depth=self._batch_size)
        for item, of_sample in map_ordered(self._decode, samples, self._pool, window):
            digest.add(of_sample)
            yield item

    def _decode(self, item: RawSample | Reject) -> tuple[_Decoded | Reject, bytes]:
        """What comes of a sample, and the digest of what it was."""
        if isinstance(item, Reject):
            return item, sample_digest(item)
        image_hash = content_hash(item.image)
        prepared = self._preprocessor(item.image)
        if isinstance(prepared, ImageFault):
            return Reject(item.key, *prepared), sample_digest(item, image_hash)
        return _Decoded(item._replace(image=b""), prepared, image_hash), sample_digest(item, image_hash)

    def _columns(
        self, images: list[_Decoded], embeddings: torch.Tensor, shard: InputShard, source: SourceSettings
    ) -> dict[str, Any]:
        samples = [image.sample for image in images]
        prepared = [image.prepared for image in images]
        keys = [sample.key for sample in samples]
        captions = [sample.caption for sample in samples]
        columns = {
            "key": keys,
            "sample_id": sample_ids(shard.source, shard.name, keys),
            "source": [shard.source] * len(images),
            "shard": [shard.name] * len(images),
            "member_offset": [sample.member_offset for sample in samples],
            "member_bytes": [sample.member_bytes for sample in samples],
            "format": [image.format for image in prepared],
            "width": [image.width for image in prepared],
            "height": [image.height for image in prepared],
            "caption": captions,
            "lang": _languages(captions, source),
            "content_hash": [image.content_hash for image in images],
            "perceptual_hash": perceptual_hashes(np.stack([image.thumbnail for image in prepared])),
            "source_key": [sample.source_key for sample in samples],
            "source_record": [sample.source_record for sample in samples],
        }
        if self._caption_similarity:
            columns["caption_similarity"] = self._similarities(embeddings.cpu().numpy(), captions)
        return columns

    def _embeddings(self, images: list[_Decoded], shard: InputShard, source: SourceSettings) -> torch.Tensor:
        """(N, D) float32, rows of length 1: encoded, or those that the source brings along."""
        if source.embeddings is None:
            return self._encoder.encode_images(np.stack([image.prepared.pixels for image in images]))
        if source.name not in self._imported:
            self._imported[source.name] = ImportedEmbeddings(source.name, source.embeddings, self._encoder.width)
        keys = [image.sample.source_key or image.sample.key for image in images]
        return torch.from_numpy(self._imported[source.name].rows(shard.name, keys)).to(self._encoder.device)

    def _similarities(self, images: NDArray[np.float32], captions: list[str | None]) -> list[float | None]:
        """(N, D) embeddings of images → the cosine of each with its caption; None where there is none."""
        rows = [row for row, caption in enumerate(captions) if caption is not None]
        found: list[float | None] = [None] * len(captions)
        if rows:
            texts = self._encoder.encode_texts([captions[row] or "" for row in rows])
            for row, cosine in zip(rows, np.einsum("nd,nd->n", images[rows], texts).tolist(), strict=True):
                found[row] = cosine
        return found


def _languages(captions: list[str | None], source: SourceSettings) -> list[str]:
    if source.language != "auto":
        return [source.language] * len(captions)
    return detect_languages(captions, source.languages, source.min_language_confidence)
