"""A trial's part of the inputs: some shards of each source, and the first samples of each."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from itertools import groupby

from transforms.reading.listing import InputShard

#: A source is looked at in as many places: crawls change from their first shard to their last.
_SHARDS_OF_A_SOURCE = 8


def spread(shards: Sequence[InputShard], samples: int) -> list[InputShard]:
    """At most ``samples`` samples, the same number of each source and of some of its shards, at equal distances;
    fewer where shards hold fewer. ``shards`` of one source stand together."""
    sources = [list(members) for _, members in groupby(shards, key=lambda shard: shard.source)]
    found = []
    for members, of_source in zip(sources, _shares(samples, len(sources)), strict=True):
        wanted = min(_SHARDS_OF_A_SOURCE, len(members), of_source)
        chosen = [members[(len(members) - 1) * step // max(wanted - 1, 1)] for step in range(wanted)]
        for shard, limit in zip(chosen, _shares(of_source, wanted), strict=True):
            found.append(dataclasses.replace(shard, limit=limit))
    return found


def _shares(whole: int, parts: int) -> list[int]:
    """As equal as can be; the first ones get the rest."""
    return [whole // parts + (part < whole % parts) for part in range(parts)]
