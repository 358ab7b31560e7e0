"""A block of parts whose rows are shuffled together: planned by small columns, then written shard by shard."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from transforms.datasets import ShardName
from transforms.exporting.blocks import ExportPlan, cut_block
from transforms.exporting.manifest import ShardStats
from transforms.instruct.chain.folder import InstructFolder
from transforms.instruct.publishing.medium_bytes import MediumReader
from transforms.instruct.publishing.parts import DrawnCopies, Ledger, ledger_of, read_drawn, read_samples
from transforms.instruct.publishing.sample import Sample
from transforms.instruct.publishing.settings import PublishSettings
from transforms.instruct.publishing.shards import file_of, stats_of, write_shard
from transforms.stages import PUBLISH


class Block(NamedTuple):
    number: int
    parts: tuple[ShardName, ...]  # sorted


@dataclass(frozen=True)
class Publication:
    """What every worker knows of what is published."""

    folder: InstructFolder
    settings: PublishSettings
    seed: int

    @property
    def made_with(self) -> str:
        return self.folder.fingerprints[PUBLISH.name]


@dataclass(frozen=True)
class BlockPlan:
    """Where the shards of a block begin in each split, and what it holds."""

    number: int
    starts: Mapping[str, NDArray[np.uint64]]
    ledger: Ledger = field(default_factory=Ledger)


def plan_block(block: Block, publication: Publication) -> BlockPlan:
    drawn = [read_drawn(publication.folder, name, publication.seed) for name in block.parts]
    starts = {}
    for split in sorted({str(one) for part in drawn for one in part.splits}):
        chosen = [part.of_split(split) for part in drawn]
        place = np.concatenate([part.place[own] for part, own in zip(drawn, chosen, strict=True)])
        sizes = np.concatenate([part.media_bytes[own] for part, own in zip(drawn, chosen, strict=True)])
        settings = publication.settings
        starts[split] = cut_block(place, sizes, settings.samples_per_shard, settings.max_shard_bytes)
    ledger = Ledger()
    for part in drawn:
        ledger.update(ledger_of(part))
    return BlockPlan(block.number, starts, ledger)


def number_shards(plans: Iterable[BlockPlan]) -> dict[str, ExportPlan]:
    """By split; numbers run through the blocks without a gap."""
    by_split: dict[str, list[tuple[int, NDArray[np.uint64]]]] = {}
    for plan in plans:
        for split, starts in plan.starts.items():
            by_split.setdefault(split, []).append((plan.number, starts))
    return {split: ExportPlan.of(blocks) for split, blocks in sorted(by_split.items())}


def write_block(block: Block, plans: Mapping[str, ExportPlan], publication: Publication) -> list[ShardStats]:
    """The shards of a block; those that are finished are kept as they are, and a block of such is not read."""
    done, waiting = [], []
    for split, plan in plans.items():
        for index in range(len(plan.starts.get(block.number, ()))):
            number = plan.first_number[block.number] + index
            for form in publication.settings.formats:
                file = file_of(split, publication.settings.name, number, form)
                stats = stats_of(publication.folder.mixture, file, publication.made_with)
                if stats is None:
                    waiting.append((split, number, form, file))
                else:
                    done.append(stats)
    if not waiting:
        return done
    drawn = [read_drawn(publication.folder, name, publication.seed) for name in block.parts]
    with MediumReader() as reader:
        for split, number in dict.fromkeys((split, number) for split, number, _, _ in waiting):
            samples = _samples(block, drawn, split, plans[split], number, publication)
            for own_split, own_number, form, file in waiting:
                if (own_split, own_number) == (split, number):
                    place = publication.folder.mixture
                    done.append(write_shard(place, file, form, samples, reader, publication.made_with))
    return done


def _samples(
    block: Block, drawn: Sequence[DrawnCopies], split: str, plan: ExportPlan, number: int, publication: Publication
) -> list[Sample]:
    """Those of one shard in the order of their places; equal places, of two rows of one id, by name."""
    found: list[tuple[int, str, Sample]] = []
    for name, part in zip(block.parts, drawn, strict=True):
        mine = np.flatnonzero(part.of_split(split))
        mine = mine[plan.shard_numbers(block.number, part.place[mine]) == number]
        samples = read_samples(publication.folder, name, part, mine, publication.settings)
        found += [(int(part.place[index]), sample.name, sample) for index, sample in samples.items()]
    return [sample for _, _, sample in sorted(found, key=lambda one: one[:2])]


def blocks_of(names: Sequence[ShardName], numbers: Sequence[int]) -> Iterator[Block]:
    for number in sorted(set(numbers)):
        parts = (name for name, own in zip(names, numbers, strict=True) if own == number)
        yield Block(number, tuple(sorted(parts)))
