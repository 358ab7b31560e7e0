"""Concepts embedded on Beam, a part an element; and the sample of images, a shard an element."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import apache_beam as beam

from transforms.annotating.concepts.image_sample import embed_sample, part
from transforms.annotating.concepts.parts import EmbeddingWork, embed_part
from transforms.annotating.embedder import Embedder
from transforms.annotating.encoder import ClipEncoder, require_gpu
from transforms.annotating.settings import EncoderSettings
from transforms.beam import hinted
from transforms.images.decode import DecodeSettings
from transforms.reading.listing import InputShard
from transforms.reading.settings import SourceSettings
from transforms.resource_hints import asks_for_gpu
from transforms.storage import StoragePath


class EmbedConcepts(beam.PTransform):  # type: ignore[misc]
    """Pipeline → the files of those parts of ``work``."""

    def __init__(self, work: EmbeddingWork, parts: Sequence[int], resource_hints: Mapping[str, str]) -> None:
        super().__init__()
        self._work, self._parts, self._hints = work, list(parts), dict(resource_hints)

    def expand(self, pipeline: beam.Pipeline) -> beam.PCollection[None]:
        return (
            pipeline
            | "Parts" >> beam.Create(self._parts)
            | "Embed part" >> hinted(_EmbedPart(self._work, asks_for_gpu(self._hints)), self._hints)
        )


class _EmbedPart(beam.DoFn):  # type: ignore[misc]
    def __init__(self, work: EmbeddingWork, on_gpu: bool) -> None:
        self._work, self._on_gpu = work, on_gpu
        self._encoder: ClipEncoder | None = None

    def process(self, number: int) -> Iterator[None]:
        if self._encoder is None:
            if self._on_gpu:
                require_gpu()
            self._encoder = ClipEncoder(self._work.encoder)
        embed_part(self._work, number, self._encoder)
        yield from ()


class SampleImages(beam.PTransform):  # type: ignore[misc]
    """Pipeline → the files of a sample in ``folder``, one of each of ``shards``, which have their limits."""

    def __init__(
        self,
        folder: StoragePath,
        shards: Sequence[InputShard],
        sources: Mapping[str, SourceSettings],
        encoder: EncoderSettings,
        decode: DecodeSettings,
        resource_hints: Mapping[str, str],
    ) -> None:
        super().__init__()
        self._shards, self._hints = list(enumerate(shards)), dict(resource_hints)
        self._sample = _SampleShard(folder, dict(sources), encoder, decode, asks_for_gpu(self._hints))

    def expand(self, pipeline: beam.Pipeline) -> beam.PCollection[None]:
        return pipeline | "Shards" >> beam.Create(self._shards) | "Sample shard" >> hinted(self._sample, self._hints)


class _SampleShard(beam.DoFn):  # type: ignore[misc]
    def __init__(
        self,
        folder: StoragePath,
        sources: dict[str, SourceSettings],
        encoder: EncoderSettings,
        decode: DecodeSettings,
        on_gpu: bool,
    ) -> None:
        self._folder, self._sources, self._on_gpu = folder, sources, on_gpu
        self._settings = (encoder, decode)
        self._embedder: Embedder | None = None

    def process(self, numbered: tuple[int, InputShard]) -> Iterator[None]:
        number, shard = numbered
        if self._embedder is None:
            if self._on_gpu:
                require_gpu()
            self._embedder = Embedder(*self._settings)
        embed_sample(self._embedder, shard, self._sources[shard.source], part(self._folder, number))
        yield from ()
