"""Counting on Beam: a part of a dump an element, counted by one worker; what meets are tables, a range of keys each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import apache_beam as beam

from concept_vocab.wikipedia.bz2_streams import Part
from transforms.beam import CollectToList
from transforms.vocabularies.counting import CountingJob, count_part, finish_counts, write_counts


class CountParts(beam.PTransform):  # type: ignore[misc]
    """Pipeline → the files of ``job.folder``."""

    def __init__(self, parts: Sequence[Part], job: CountingJob, counted_of: dict[str, Any]) -> None:
        super().__init__()
        self._parts = parts
        self._job = job
        self._counted_of = counted_of

    def expand(self, pipeline: beam.Pipeline) -> beam.PCollection[None]:
        job = self._job
        return (
            pipeline
            | "Parts" >> beam.Create(self._parts)
            | "Count" >> beam.FlatMap(count_part, job)
            | "A range of keys" >> beam.GroupByKey()
            | "Write" >> beam.MapTuple(lambda name, tables: write_counts(name, tables, job))
            | "All" >> CollectToList()
            | "Finish" >> beam.Map(finish_counts, job, self._counted_of)
        )
