"""Rows by source and by language: how many were annotated, how many selected."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from transforms.browsing.rows import selection_of
from transforms.browsing.shards import read_each
from transforms.datasets import ShardName
from transforms.remaining import read_remaining
from transforms.reporting.summary import BreakdownRow
from transforms.run_folder import RunFolder
from transforms.stages import FIRST_AFTER_ANNOTATE


@dataclass(frozen=True)
class ShardTally:
    """Rows of one shard by language; ``selected`` counts copies."""

    name: ShardName
    annotated: Mapping[str, int]
    selected: Mapping[str, int]


def tally_shards(folder: RunFolder, shards: Sequence[ShardName]) -> list[ShardTally]:
    """The tally of each shard, in order, several read at a time."""
    return list(read_each(functools.partial(tally_shard, folder), shards))


def tally_shard(folder: RunFolder, name: ShardName) -> ShardTally:
    """One shard, from its keys and languages alone."""
    rows = read_remaining(folder, name, FIRST_AFTER_ANNOTATE, ["key", "lang"])
    languages = pc.fill_null(rows["lang"], "")
    chosen = selection_of(folder, name, ["key", "copies"])
    places = pc.index_in(chosen["key"], value_set=rows["key"])
    return ShardTally(name, _sums(languages, None), _sums(languages.take(places), chosen["copies"]))


def by_source(
    tallies: Sequence[ShardTally], shards: Sequence[ShardName], licences: Mapping[str, str]
) -> tuple[BreakdownRow, ...]:
    """Sources, the largest first; scaled up where not every shard was tallied."""
    annotated, selected = Counter[str](), Counter[str]()
    for tally in tallies:
        annotated[tally.name.source] += sum(tally.annotated.values())
        selected[tally.name.source] += sum(tally.selected.values())
    scale = _scale(tallies, shards)
    rows = []
    for source, factor in scale.items():
        totals = round(annotated[source] * factor), round(selected[source] * factor)
        rows.append(BreakdownRow(source, licences.get(source, "unknown"), *totals))
    return tuple(sorted(rows, key=lambda row: (-row.annotated, row.name)))


def by_language(tallies: Sequence[ShardTally], shards: Sequence[ShardName]) -> tuple[BreakdownRow, ...]:
    """Languages of captions, the most frequent first; scaled up source by source, as above."""
    scale = _scale(tallies, shards)
    annotated: dict[str, float] = {}
    selected: dict[str, float] = {}
    for tally in tallies:
        for totals, sums in ((annotated, tally.annotated), (selected, tally.selected)):
            for language, count in sums.items():
                totals[language] = totals.get(language, 0.0) + count * scale[tally.name.source]
    rows = [BreakdownRow(lang, "", round(count), round(selected.get(lang, 0.0))) for lang, count in annotated.items()]
    return tuple(sorted(rows, key=lambda row: (-row.annotated, row.name)))


def _scale(tallies: Sequence[ShardTally], shards: Sequence[ShardName]) -> dict[str, float]:
    """All shards of each source over those that were tallied."""
    tallied = Counter(tally.name.source for tally in tallies)
    present = Counter(name.source for name in shards)
    return {source: present[source] / count for source, count in tallied.items()}


def _sums(names: pa.ChunkedArray, weights: pa.ChunkedArray | None) -> dict[str, int]:
    """Sum of weights (None: rows) by name."""
    column = pa.chunked_array([np.ones(len(names), np.int64)]) if weights is None else weights
    table = pa.table({"name": names, "rows": column}).group_by("name").aggregate([("rows", "sum")])
    return dict(zip(table["name"].to_pylist(), table["rows_sum"].to_pylist(), strict=True))
