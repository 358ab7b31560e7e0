"""Publishing on Beam: blocks of parts are planned, numbered in one place, and each written by one worker.

blocks ──▶ plan ──▶ number ──▶ write ──▶ finish
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import apache_beam as beam
from apache_beam.pvalue import AsSingleton

from transforms.beam import CollectToList, write_stage_counts
from transforms.datasets import ShardName
from transforms.exporting.blocks import ExportPlan, deal_blocks
from transforms.exporting.manifest import ShardStats
from transforms.instruct.publishing.block import (
    Block,
    BlockPlan,
    Publication,
    blocks_of,
    number_shards,
    plan_block,
    write_block,
)
from transforms.instruct.publishing.finishing import About, finish
from transforms.rejects import Counts
from transforms.stages import PUBLISH


class Publish(beam.PTransform):  # type: ignore[misc]
    """Pipeline → mixture/…, and the stage's counts left for the driver."""

    def __init__(self, publication: Publication, names: Sequence[ShardName], about: About) -> None:
        super().__init__()
        self._publication, self._about = publication, about
        dealt = deal_blocks(names, publication.settings.shuffle_block_parts, publication.seed).tolist()
        self._blocks = list(blocks_of(names, dealt))

    def expand(self, pipeline: beam.Pipeline) -> beam.PCollection[None]:
        publication, about = self._publication, self._about
        blocks = pipeline | "Blocks" >> beam.Create(self._blocks)
        plans = blocks | "Plan" >> beam.Map(plan_block, publication) | CollectToList()
        numbered = plans | "Number" >> beam.Map(number_shards)
        written = blocks | "Write" >> beam.FlatMap(_write, AsSingleton(numbered), publication)
        zero = pipeline | "No shard" >> beam.Create([None])
        together = (written, zero) | "With none" >> beam.Flatten() | "All shards" >> CollectToList()
        return together | "Finish" >> beam.Map(_finish, AsSingleton(plans), publication, about)


def _write(block: Block, plans: Mapping[str, ExportPlan], publication: Publication) -> list[ShardStats]:
    return write_block(block, plans, publication)


def _finish(found: Iterable[Any], plans: Sequence[BlockPlan], publication: Publication, about: About) -> None:
    stats = [one for one in found if isinstance(one, ShardStats)]
    copies = finish(stats, plans, publication, about)
    write_stage_counts([Counts(copies, copies)], publication.folder.counts(PUBLISH.name))
