"""A look at the inputs before work begins: what would end a run after hours is said in its first seconds."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

from transforms.reading.formats import FORMATS
from transforms.reading.input_shard import InputShard
from transforms.reading.samples import read_samples
from transforms.reading.settings import FormatName, SourceSettings
from transforms.rejects import Counts

#: Shards of a source that are looked into, from its first to its last: a format changes where another crawl begins.
_LOOKED_INTO = 5


def check_inputs(shards: Sequence[InputShard], sources: Mapping[str, SourceSettings]) -> None:
    """Read the first sample of some shards of each source; ``shards`` of one source stand together.

    Raises InputError for a file that is not of the source's format or is gone, for a column that is missing or of
    another type, and for Parquet with paths in place of images.
    """
    for name, members in groupby(shards, key=lambda shard: shard.source):
        for shard in _spread(list(members)):
            first = dataclasses.replace(shard, limit=1)
            next(read_samples(first, sources[name]), None)  # also says of a file that it is gone
            FORMATS[shard.format].check(shard, sources[name])


def _spread(shards: list[InputShard]) -> list[InputShard]:
    """At most _LOOKED_INTO of them, the first and the last among them, at equal distances."""
    steps = min(_LOOKED_INTO, len(shards)) - 1
    return [shards[(len(shards) - 1) * step // max(steps, 1)] for step in range(steps + 1)]


def most_samples(shards: Sequence[InputShard]) -> dict[str, int | None]:
    """The most samples that each source can hold by what is cheap to know, None where that is nothing."""
    most: dict[str, int | None] = {}
    for name, members in groupby(shards, key=lambda shard: shard.source):
        group = list(members)
        of_trial = [shard.limit for shard in group if shard.limit is not None]
        most[name] = sum(of_trial) if of_trial else FORMATS[group[0].format].most_samples(group)
    return most


def hint(counts: Counts, formats: Iterable[FormatName]) -> str | None:
    """What the counts of annotate say about the input as a whole, and how it is mended; None where nothing."""
    return next((said for name in FORMATS if name in set(formats) and (said := FORMATS[name].hint(counts))), None)
