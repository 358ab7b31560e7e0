"""Which texts and rows a person is to look at: so many of each source, stage and language, by keyed numbers."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from transforms import keyed
from transforms.datasets import UNDETERMINED, ShardName, read_table
from transforms.instruct.chain.folder import InstructFolder
from transforms.instruct.chain.part_files import remaining
from transforms.instruct.mixing.about import read_about
from transforms.instruct.schema import KEPT
from transforms.stages import MIX, STANDARDISE

#: What safety covers is shown to nobody, neither before nor after.
_NOT_SHOWN = "masked"
_OF_A_ROW = -2  # in the place of a message: the whole row, which a stage made


class Stratum(NamedTuple):
    source: str
    stage: str
    language: str


class Item(NamedTuple):
    """A text that ``stage`` wrote over part ``part`` of ``message``, or, with neither, a row that it made. ``place`` is
    its keyed number: those of least are drawn."""

    place: int
    stratum: Stratum
    name: ShardName
    key: str
    message: int
    part: int
    origin: str
    by: str

    @property
    def is_row(self) -> bool:
        return self.message == _OF_A_ROW

    @property
    def id(self) -> str:
        """16 hexadecimal digits, by which a label names it."""
        return f"{keyed.hash64('item', self.stratum.stage, self.key, self.message, self.part):016x}"


@dataclass
class Draw:
    """``population``: texts and rows of each stratum; ``items``: of each the ``most`` of least place. Adds up in place,
    in any order."""

    most: int = 0
    population: Counter[Stratum] = field(default_factory=Counter)
    items: dict[Stratum, list[Item]] = field(default_factory=dict)

    def __iadd__(self, other: Draw) -> Draw:
        self.most = max(self.most, other.most)
        self.population.update(other.population)
        for stratum, found in other.items.items():
            self.items[stratum] = heapq.nsmallest(self.most, [*self.items.get(stratum, []), *found])
        return self


def draw_part(folder: InstructFolder, name: ShardName, most: int, seed: int, stages: tuple[str, ...] = ()) -> Draw:
    """Of the rows of one part that reach the mixture: those drawn into it, where that is done. ``stages``: those that
    are looked at; all without."""
    languages = _languages(folder, name)
    found: dict[Stratum, list[Item]] = {}
    for stage in folder.before(MIX.name):
        if stage != STANDARDISE.name and (not stages or stage in stages):
            for key, message, part, origin, by in _written(folder, name, stage):
                if key in languages:
                    stratum = Stratum(name.source, stage, languages[key])
                    place = keyed.hash64(seed, "audit", stage, key, message, part)
                    item = Item(place, stratum, name, key, message, part, origin, by)
                    found.setdefault(stratum, []).append(item)
    population = Counter({stratum: len(items) for stratum, items in found.items()})
    return Draw(most, population, {stratum: heapq.nsmallest(most, items) for stratum, items in found.items()})


def _languages(folder: InstructFolder, name: ShardName) -> Mapping[str, str]:
    """By key, of the rows that are looked at."""
    about = read_about(folder, name)
    found = dict(zip(about["key"].to_pylist(), about["language"].to_pylist(), strict=True))
    if (path := folder.selection(*name)).is_file():
        drawn = set(read_table(path, folder.fingerprints[MIX.name], ["key"])["key"].to_pylist())
        found = {key: language for key, language in found.items() if key in drawn}
    return {key: language or UNDETERMINED for key, language in found.items()}


def _written(folder: InstructFolder, name: ShardName, stage: str) -> Iterator[tuple[str, int, int, str, str]]:
    """Key, message, part, origin and by of each text that a stage wrote and each row that it made."""
    path = folder.edits(stage, *name)
    if path.is_file():
        columns = ["key", "message", "part", "origin", "by", "verdict"]
        for one in read_table(path, folder.fingerprints[stage], columns).to_pylist():
            if one["verdict"] == KEPT and one["origin"] != _NOT_SHOWN and one["part"] >= 0:
                yield one["key"], one["message"], one["part"], one["origin"], one["by"] or ""
    path = folder.made(stage, *name)
    if path.is_file():
        after = folder.chain[folder.chain.index(stage) + 1]
        there = set(remaining(folder, name, after, ["key"])["key"].to_pylist())
        for one in read_table(path, folder.fingerprints[stage], ["key", "category_by"]).to_pylist():
            if one["key"] in there:
                yield one["key"], _OF_A_ROW, _OF_A_ROW, "made", one["category_by"] or ""
