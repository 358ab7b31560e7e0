"""Which rows are translated, so that of those in the two languages as many are Chinese as asked for.

Rows are taken by a keyed number, the least first. Those whose translation is refused stay as they are, and as many more
are taken in their place. What is taken follows from the rows and the replies alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from transforms.datasets import ShardName
from transforms.instruct.chain.folder import InstructFolder
from transforms.instruct.mixing.about import read_about
from transforms.instruct.rewording.translating import OTHER, place_of
from transforms.stages import TRANSLATE


class Wanted(NamedTuple):
    """``rows`` of ``language`` are to be in the other one; ``numbers``: (N,) uint64 of all there are, sorted."""

    language: str
    rows: int
    numbers: NDArray[np.uint64]


def count(folder: InstructFolder, names: Iterable[ShardName], zh_share: float, seed: int) -> Wanted:
    """Reads keys and languages alone."""
    found: dict[str, list[NDArray[np.uint64]]] = {language: [] for language in OTHER}
    for name in names:
        about = read_about(folder, name, TRANSLATE.name)
        keys, languages = about["key"].to_pylist(), about["language"].to_pylist()
        for language, numbers in found.items():
            own = [place_of(key, seed) for key, told in zip(keys, languages, strict=True) if told == language]
            numbers.append(np.array(own, np.uint64))
    sorted_numbers = {one: np.sort(np.concatenate(numbers)) for one, numbers in found.items() if numbers}
    return wanted({one: sorted_numbers.get(one, np.empty(0, np.uint64)) for one in OTHER}, zh_share)


def wanted(numbers: Mapping[str, NDArray[np.uint64]], zh_share: float) -> Wanted:
    chinese = len(numbers["zh"])
    more = round(zh_share * (chinese + len(numbers["en"]))) - chinese
    language = "en" if more >= 0 else "zh"
    return Wanted(language, abs(more), numbers[language])


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
