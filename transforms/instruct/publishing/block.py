"""A block of parts whose rows are shuffled together: planned by small columns, then written shard by shard."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from transforms.datasets import ShardName
from transforms.exporting.blocks import ExportPlan, cut_block
from transforms.exporting.manifest import ShardStats
from transforms.grouping import equal_rows
from transforms.instruct.chain.folder import InstructFolder
from transforms.instruct.medium_bytes import MediumReader
from transforms.instruct.publishing.parts import DrawnCopies, Ledger, ledger_of, read_drawn, read_samples
from transforms.instruct.publishing.sample import Sample
from transforms.instruct.publishing.settings import PublishSettings
from transforms.instruct.publishing.shards import file_of, stats_of, write_shard
from transforms.stages import PUBLISH

_MOST_BYTES_AT_ONCE = 256 << 20
_ROW_BYTES = 6 << 10  # of a row of two turns as objects, estimated

ShardKey = tuple[str, int]  # split and number
Dealt = dict[ShardKey, NDArray[np.int64]]  # copies of a part


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
    dealt = [_deal(block, part, plans) for part in drawn]
    sizes = _sizes(drawn, dealt)
    with MediumReader() as reader:
        for group in _groups(list(dict.fromkeys((split, number) for split, number, _, _ in waiting)), sizes):
            samples = _samples(block, drawn, dealt, group, publication)
            for split, number, form, file in waiting:
                if (split, number) in samples:
                    place, own = publication.folder.mixture, samples[split, number]
                    done.append(write_shard(place, file, form, own, reader, publication.made_with))
    return done


def _deal(block: Block, part: DrawnCopies, plans: Mapping[str, ExportPlan]) -> Dealt:
    """The copies of a part, by the shard that each goes to."""
    found: Dealt = {}
    for split, plan in plans.items():
        mine = np.flatnonzero(part.of_split(split)) if block.number in plan.starts else np.empty(0, np.int64)
        numbers = plan.shard_numbers(block.number, part.place[mine]) if len(mine) else mine
        found.update(((split, int(number)), mine[members]) for number, members in equal_rows(numbers))
    return found


def _sizes(drawn: Sequence[DrawnCopies], dealt: Sequence[Dealt]) -> Counter[ShardKey]:
    """Bytes that the samples of each shard take in memory, about."""
    found: Counter[ShardKey] = Counter()
    for part, shards in zip(drawn, dealt, strict=True):
        for key, copies in shards.items():
            found[key] += int(part.media_bytes[copies].sum()) + _ROW_BYTES * len(copies)
    return found


def _groups(shards: Sequence[ShardKey], sizes: Mapping[ShardKey, int]) -> Iterator[list[ShardKey]]:
    """Shards that are made at once, since each group reads all parts of the block again."""
    group: list[ShardKey] = []
    for key in shards:
        if group and sum(sizes[one] for one in (*group, key)) > _MOST_BYTES_AT_ONCE:
            yield group
            group = []
        group.append(key)
    if group:
        yield group


def _samples(
    block: Block,
    drawn: Sequence[DrawnCopies],
    dealt: Sequence[Dealt],
    shards: Sequence[ShardKey],
    publication: Publication,
) -> dict[ShardKey, list[Sample]]:
    """Those of each shard in the order of their places; equal places, of two rows of one id, by name."""
    found: dict[ShardKey, list[tuple[int, str, Sample]]] = {key: [] for key in shards}
    for name, part, own in zip(block.parts, drawn, dealt, strict=True):
        chosen = np.concatenate([np.empty(0, np.int64), *(own[key] for key in shards if key in own)])
        samples = read_samples(publication.folder, name, part, chosen, publication.settings)
        for key in shards:
            for index in own.get(key, chosen[:0]).tolist():
                found[key].append((int(part.place[index]), samples[index].name, samples[index]))
    return {key: [sample for _, _, sample in sorted(rows, key=lambda one: one[:2])] for key, rows in found.items()}


def blocks_of(names: Sequence[ShardName], numbers: Sequence[int]) -> Iterator[Block]:
    for number in sorted(set(numbers)):
        parts = (name for name, own in zip(names, numbers, strict=True) if own == number)
        yield Block(number, tuple(sorted(parts)))
