"""Counting and embedding on Beam: a part of a dump or a range of names an element, done by one worker."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import apache_beam as beam

from concept_vocab.wikipedia.bz2_streams import Part
from transforms.annotating.settings import EncoderSettings
from transforms.beam import CollectToList, hinted
from transforms.resource_hints import asks_for_gpu
from transforms.vocabularies.counting import CountingJob, count_part, finish_counts, write_counts
from transforms.vocabularies.embedding import NameRange, RangeEmbedder


class CountParts(beam.PTransform):  # type: ignore[misc]
    """Pipeline → the files of ``job.folder``; what meets are tables, a range of keys each."""

    def __init__(self, parts: Sequence[Part], job: CountingJob, counted_of: dict[str, Any]) -> None:
        super().__init__()
        self._parts = parts
        self._job = job
        self._counted_of = counted_of

    def expand(self, pipeline: beam.Pipeline) -> beam.PCollection[None]:
        job = self._job
        written = (
            pipeline
            | "Parts" >> beam.Create(self._parts)
            | "Count" >> beam.FlatMap(count_part, job)
            | "A range of keys" >> beam.GroupByKey()
            | "Write" >> beam.MapTuple(lambda name, tables: write_counts(name, tables, job))
        )
        none = pipeline | "None" >> beam.Create([None])  # nothing may be found, and that is to be said too
        together = (written, none) | "With none" >> beam.Flatten() | "All" >> CollectToList()
        return together | "Finish" >> beam.Map(finish_counts, job, self._counted_of)


class EmbedNames(beam.PTransform):  # type: ignore[misc]
    """Pipeline → the files of the ranges."""

    def __init__(
        self, ranges: Sequence[NameRange], encoder: EncoderSettings, language: str, resource_hints: Mapping[str, str]
    ) -> None:
        super().__init__()
        self._ranges, self._hints = ranges, dict(resource_hints)
        self._embed = _EmbedRange(encoder, language, asks_for_gpu(self._hints))

    def expand(self, pipeline: beam.Pipeline) -> beam.PCollection[str]:
        return pipeline | "Ranges" >> beam.Create(self._ranges) | "Embed" >> hinted(self._embed, self._hints)


class _EmbedRange(beam.DoFn):  # type: ignore[misc]
    """Loads the model once a worker."""

    def __init__(self, encoder: EncoderSettings, language: str, on_gpu: bool) -> None:
        self._settings, self._on_gpu = (encoder, language), on_gpu
        self._embedder: RangeEmbedder | None = None

    def process(self, one: NameRange) -> Iterator[str]:
        if self._embedder is None:
            if self._on_gpu:
                from transforms.annotating.encoder import require_gpu  # it imports torch

                require_gpu()
            self._embedder = RangeEmbedder(*self._settings)
        self._embedder.write(one)
        yield one.path.name
