"""Two runs side by side: what differs in their settings, their counts, their concepts and what they chose.

Concepts are the same where name and language are; images where source, shard and key are.

Shape legend: V concepts of either run.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from transforms.browsing.concepts import read_concept_counts
from transforms.browsing.rows import selected_keys
from transforms.browsing.shards import list_annotated, read_each
from transforms.datasets import ShardName
from transforms.rejects import Counts
from transforms.run_folder import RunFolder, RunState
from transforms.stages import CHAIN

_COUNTS = ("count_before", "count_random", "count_after")
_ABSENT = "not there"  # a setting that the other run does not have


@dataclass(frozen=True)
class Difference:
    """A setting that two runs have not alike, as text."""

    name: str
    first: str
    second: str


@dataclass(frozen=True)
class StagePair:
    """What a stage let through in either run; None where it did not run."""

    name: str
    first: Counts | None
    second: Counts | None


@dataclass(frozen=True)
class Overlap:
    """Images of one source: chosen by both runs, or by one alone. Copies do not count."""

    source: str
    both: int
    only_first: int
    only_second: int

    @property
    def shared(self) -> float:
        """Share of what either chose that both chose (the Jaccard index); 0 where none chose any."""
        either = self.both + self.only_first + self.only_second
        return self.both / either if either else 0.0


@dataclass(frozen=True, eq=False)
class Comparison:
    """``concepts`` is a table of V rows: name, lang, and count_before, count_random and count_after of either run, as
    ``count_before_first`` and so on; null where the run's vocabulary lacks the concept."""

    names: tuple[str, str]
    fingerprints: tuple[str, str]
    settings: tuple[Difference, ...]
    stages: tuple[StagePair, ...]
    overlap: tuple[Overlap, ...]
    concepts: pa.Table

    def total_overlap(self) -> Overlap:
        """Of all sources together."""
        of = self.overlap
        sums = (sum(getattr(one, name) for one in of) for name in ("both", "only_first", "only_second"))
        return Overlap("all", *sums)

    def counts(self, which: str) -> dict[str, NDArray[np.int64]]:
        """The (V,) arrays count_before, count_random and count_after of the ``first`` or the ``second`` run, without
        the concepts that it lacks."""
        columns = (self.concepts[f"{name}_{which}"] for name in _COUNTS)
        return {name: column.drop_null().to_numpy() for name, column in zip(_COUNTS, columns, strict=True)}

    def moved(self) -> pa.Table:
        """``concepts`` with ``change``, the images after balancing of the second run less those of the first, largest
        change first; what a run lacks counts as 0."""
        first, second = (pc.fill_null(self.concepts[f"count_after_{which}"], 0) for which in ("first", "second"))
        change = pc.subtract(second, first)
        table = self.concepts.append_column("change", change)
        return table.take(np.argsort(-np.abs(change.to_numpy()), kind="stable"))


def compare(first: RunState, second: RunState) -> Comparison:
    """Raises RunFolderError where balance of either is not done, or a file is damaged."""
    concepts = _joined(read_concept_counts(first), read_concept_counts(second))
    return Comparison(
        (str(first.folder.root), str(second.folder.root)),
        (first.folder.fingerprint, second.folder.fingerprint),
        tuple(_differences(first.values["config"], second.values["config"])),
        tuple(_stages(first, second)),
        tuple(_overlaps(first.folder, second.folder)),
        concepts,
    )


def _differences(first: Any, second: Any, name: str = "") -> Iterator[Difference]:
    if isinstance(first, Mapping) and isinstance(second, Mapping):
        for key in (*first, *(key for key in second if key not in first)):
            inner = f"{name}.{key}" if name else str(key)
            yield from _differences(first.get(key, _ABSENT), second.get(key, _ABSENT), inner)
    elif first != second:
        yield Difference(name, _text(first), _text(second))


def _text(value: Any) -> str:
    return "null" if value is None else str(value)


def _stages(first: RunState, second: RunState) -> Iterator[StagePair]:
    for stage in CHAIN:
        counts = [state.counts(stage.name) if state.is_done(stage.name) else None for state in (first, second)]
        if counts != [None, None]:
            yield StagePair(stage.name, *counts)


def _overlaps(first: RunFolder, second: RunFolder) -> Iterator[Overlap]:
    """By source, the one of most chosen images first."""
    names = sorted({*list_annotated(first), *list_annotated(second)})
    sums: dict[str, Counter[str]] = {}
    for name, tally in zip(names, read_each(functools.partial(_overlap, first, second), names), strict=True):
        sums.setdefault(name.source, Counter()).update(tally)
    for source, tally in sorted(sums.items(), key=lambda item: (-item[1].total(), item[0])):
        yield Overlap(source, tally["both"], tally["first"], tally["second"])


def _overlap(first: RunFolder, second: RunFolder, name: ShardName) -> dict[str, int]:
    keys, others = selected_keys(first, name), selected_keys(second, name)
    both = int(pc.sum(pc.is_in(keys, value_set=others)).as_py() or 0)
    return {"both": both, "first": len(keys) - both, "second": len(others) - both}


def _joined(first: pa.Table, second: pa.Table) -> pa.Table:
    """A row a concept of either, by name and language."""
    tables = [
        table.select(["name", "lang", *_COUNTS]).rename_columns(
            ["name", "lang", *(f"{name}_{which}" for name in _COUNTS)]
        )
        for table, which in ((first, "first"), (second, "second"))
    ]
    merged = tables[0].to_pandas().merge(tables[1].to_pandas(), on=["name", "lang"], how="outer", sort=False)
    schema = pa.schema(
        [("name", pa.string()), ("lang", pa.string())]
        + [(f"{name}_{which}", pa.int64()) for which in ("first", "second") for name in _COUNTS]
    )
    return pa.Table.from_pandas(merged, schema=schema, preserve_index=False, safe=False)
