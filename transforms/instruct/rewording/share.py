"""Which rows are translated, so that of those in the two languages as many are Chinese as asked for.

Rows are taken by a keyed number, the least first. Those whose translation is refused stay as they are, and as many more
are taken in their place. What is taken follows from the rows and the replies alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from transforms.datasets import UNDETERMINED, ShardName, read_table
from transforms.instruct.chain.folder import InstructFolder
from transforms.instruct.mixing.about import read_about
from transforms.instruct.rewording.settings import TranslateSettings
from transforms.instruct.rewording.translating import OTHER, place_of
from transforms.stages import TRANSLATE


class Wanted(NamedTuple):
    """``rows`` of ``language`` are to be in the other one; ``numbers``: (N,) uint64 of all there are, sorted."""

    language: str
    rows: int
    numbers: NDArray[np.uint64]


def count(folder: InstructFolder, names: Iterable[ShardName], settings: TranslateSettings, seed: int) -> Wanted:
    """Reads keys and languages alone."""
    found: dict[str, list[NDArray[np.uint64]]] = {language: [] for language in OTHER}
    for name in names:
        about = read_about(folder, name, TRANSLATE.name)
        keys, languages = about["key"].to_pylist(), about["language"].to_pylist()
        for language, numbers in found.items():
            own = [place_of(key, seed) for key, told in zip(keys, languages, strict=True) if told == language]
            numbers.append(np.array(own, np.uint64))
    sorted_numbers = {one: np.sort(np.concatenate(numbers)) for one, numbers in found.items() if numbers}
    return wanted(
        {one: sorted_numbers.get(one, np.empty(0, np.uint64)) for one in OTHER}, settings.zh_share, settings.twin_share
    )


def wanted(numbers: Mapping[str, NDArray[np.uint64]], zh_share: float, twin_share: float = 0.0) -> Wanted:
    """n rows translated, of which the share t leaves a twin, make total + t·n rows: from English, zh + n of them are
    to be the share of the Chinese."""
    chinese = len(numbers["zh"])
    lacking = zh_share * (chinese + len(numbers["en"])) - chinese
    language, share = ("en", zh_share) if lacking >= 0 else ("zh", 1 - zh_share)
    rows = abs(lacking) / max(1 - share * twin_share, 1e-9)
    return Wanted(language, min(round(rows), len(numbers[language])), numbers[language])


@dataclass
class Taking:
    """``accepted``: how many of the rows with numbers from the first up to the second were translated, once they were
    asked."""

    wanted: Wanted
    accepted: Callable[[int, int], int]
    rounds: int

    def settle(self) -> int:
        """The number below which rows are taken."""
        numbers, taken, done = self.wanted.numbers, 0, 0
        for _ in range(self.rounds):
            more = min(self.wanted.rows - done, len(numbers) - taken)
            if more <= 0:
                break
            first, taken = self._edge(taken), taken + more
            done += self.accepted(first, self._edge(taken))
        return self._edge(taken)

    def _edge(self, taken: int) -> int:
        numbers = self.wanted.numbers
        return int(numbers[taken - 1]) + 1 if taken else 0


def told_apart(folder: InstructFolder, names: Iterable[ShardName]) -> dict[str, int]:
    """Rows that leave the stage by language, those in which they were read (``zh``) apart from translated ones
    (``zh translated``)."""
    found: Counter[str] = Counter()
    for name in names:
        about = read_about(folder, name, TRANSLATE.name)
        was = dict(zip(about["key"].to_pylist(), about["language"].to_pylist(), strict=True))
        prints = folder.fingerprints[TRANSLATE.name]
        facts = read_table(folder.facts(TRANSLATE.name, *name), prints, ["key", "language"])
        for key, now in zip(facts["key"].to_pylist(), facts["language"].to_pylist(), strict=True):
            if key not in was:
                found[f"{key.rpartition('~')[2]} translated"] += 1  # a twin, whose key ends in its language
            else:
                found[f"{now} translated" if now else was[key] or UNDETERMINED] += 1
    return dict(sorted(found.items()))
