"""Embed: shards of raw samples to all that does not depend on the vocabulary; read, decode, hash, embed, overlapping.

Shape legend: N images of a chunk, D embedding width.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from transforms.annotating.embedding_stream import Chunk, EmbeddingStream, Image, ShardUnderWay
from transforms.annotating.encoder import ClipEncoder
from transforms.annotating.imported_embeddings import ImportedEmbeddings
from transforms.annotating.input_digest import sample_digest
from transforms.annotating.language import detect_languages
from transforms.annotating.settings import EncoderSettings
from transforms.images.decode import DecodeSettings
from transforms.images.hashing import content_hash, perceptual_hashes
from transforms.images.header import ImageFault
from transforms.keyed import sample_ids
from transforms.reading.samples import RawSample
from transforms.reading.settings import SourceSettings
from transforms.rejects import Reject

#: At most, on cores: what fills up the last batch costs a core as much as images do.
CPU_BATCH = 32


class Embedder:
    """What one worker keeps loaded: the encoder, the decoding threads."""

    def __init__(self, encoder: EncoderSettings, decode: DecodeSettings, caption_similarity: bool = False) -> None:
        self._encoder = ClipEncoder(encoder)
        on_gpu = self._encoder.device.type == "cuda"
        self._batch_size = encoder.batch_size if on_gpu else min(encoder.batch_size, CPU_BATCH)
        self._caption_similarity = caption_similarity
        self._preprocessor = self._encoder.preprocessor(decode)
        self._pool = ThreadPoolExecutor(encoder.decode_threads, thread_name_prefix="decode")
        self._imported: dict[str, ImportedEmbeddings] = {}  # by source

    @property
    def encoder(self) -> ClipEncoder:
        return self._encoder

    def stream(self, most: int | None = None) -> EmbeddingStream:
        """A new one, for some shards; ``most``: images that there will be, where a smaller batch would do for them."""
        batch_size = min(self._batch_size, most or self._batch_size)
        return EmbeddingStream(self._encoder, batch_size, self._decode, self._pool, self._imported_rows)

    def _decode(self, item: RawSample | Reject) -> tuple[Image | Reject, bytes]:
        """What comes of a sample, and the digest of what it was."""
        if isinstance(item, Reject):
            return item, sample_digest(item)
        image_hash = content_hash(item.image)
        prepared = self._preprocessor(item.image)
        if isinstance(prepared, ImageFault):
            return Reject(item.key, *prepared), sample_digest(item, image_hash)
        return Image(item._replace(image=b""), prepared, image_hash), sample_digest(item, image_hash)

    def columns(self, chunk: Chunk) -> dict[str, Any]:
        """What annotations say of its images, the concepts excepted."""
        (shard, source), images = (chunk.of.shard, chunk.of.source), chunk.images
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
            columns["caption_similarity"] = self._similarities(chunk.embeddings.cpu().numpy(), captions)
        return columns

    def _imported_rows(self, of: ShardUnderWay, images: list[Image]) -> torch.Tensor:
        """(N, D) float32, rows of length 1, that the source brings along."""
        source = of.source
        if source.name not in self._imported:
            assert source.embeddings is not None
            self._imported[source.name] = ImportedEmbeddings(source.name, source.embeddings, self._encoder.width)
        keys = [image.sample.source_key or image.sample.key for image in images]
        return torch.from_numpy(self._imported[source.name].rows(of.shard.name, keys)).to(self._encoder.device)

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
