"""Packing on Beam: a group of inputs an element, read, planned and written by one worker; nothing is shuffled."""

from __future__ import annotations

from collections.abc import Sequence

import apache_beam as beam

from transforms.beam import CollectToList, WriteStageCounts
from transforms.packing.inputs import InputGroup
from transforms.packing.job.finishing import finish_set
from transforms.packing.job.groups import PackJob, pack_group
from transforms.stages import PACK


class PackShards(beam.PTransform):  # type: ignore[misc]
    """Pipeline → ``packed/`` with manifest and description, ``rejects/pack/``, and the stage's counts.

    Groups that an earlier, broken run finished are kept as they are.
    """

    def __init__(self, groups: Sequence[InputGroup], job: PackJob) -> None:
        super().__init__()
        self._groups = groups
        self._job = job

    def expand(self, pipeline: beam.Pipeline) -> beam.PCollection[None]:
        outcomes = pipeline | "Groups" >> beam.Create(self._groups) | "Pack" >> beam.Map(pack_group, self._job)
        _ = outcomes | "All outcomes" >> CollectToList() | "Finish" >> beam.Map(finish_set, self._job)
        counts = outcomes | "Counts" >> beam.Map(lambda outcome: outcome.counts)
        return counts | WriteStageCounts(self._job.folder.counts(PACK.name))
