"""Who is drawn: in each stratum the rows of the least keyed numbers, found without bringing the rows together.

The n-th least of N uniform numbers lies near n/N. Each part counts its numbers below a window around that, and hands
over those inside: for a stratum of a million rows some thousands, for a small one all.

Shape legend: N rows of a part, S strata, K numbers in windows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from transforms import keyed
from transforms.datasets import SELECTION, ShardName, write_table
from transforms.errors import EvenweaveError
from transforms.instruct.mixing.about import PartReader, PartRows
from transforms.instruct.mixing.even_concepts import ConceptWeights, weighed
from transforms.instruct.mixing.quotas import Quotas, Stratum
from transforms.instruct.mixing.tally import strata_of
from transforms.rejects import Counts, Reason
from transforms.stages import MIX

_PURPOSE = "mix draw"

#: The cut strays from n/N by more than this many standard deviations once in 10^30 draws; below _SMALL rows, where no
#: such bound holds, the window is everything.
_DEVIATIONS = 12.0
_SMALL = 1_000


@dataclass(frozen=True)
class Windows:
    """Of each stratum that is drawn from: (first, end) numbers that may be the cut, and how many rows win."""

    windows: Mapping[Stratum, tuple[float, float]]
    winners: Mapping[Stratum, int]
    certain: Mapping[Stratum, int]  # copies that every row has
    quotas: Quotas
    weights: ConceptWeights | None = None  # by which cells are parted

    @classmethod
    def of(cls, quotas: Quotas, rows: Mapping[Stratum, int], weights: ConceptWeights | None = None) -> Windows:
        certain, drawn, windows = {}, {}, {}
        for stratum, copies in quotas.copies.items():
            if not copies:
                continue
            certain[stratum], more = divmod(copies, rows[stratum])
            if more:
                drawn[stratum] = more
                windows[stratum] = _window(more, rows[stratum])
        return cls(windows, drawn, certain, quotas, weights)


def _window(winners: int, rows: int) -> tuple[float, float]:
    if rows < _SMALL:
        return 0.0, 1.0
    share = winners / rows
    reach = _DEVIATIONS * (share * (1 - share) / rows) ** 0.5 + _DEVIATIONS**2 / rows
    return max(share - reach, 0.0), min(share + reach, 1.0)


@dataclass
class Candidates:
    """Adds up in place: rows below the window of each stratum, and the numbers inside it."""

    below: dict[Stratum, int] = field(default_factory=dict)
    inside: dict[Stratum, list[NDArray[np.float64]]] = field(default_factory=dict)

    def __iadd__(self, other: Candidates) -> Candidates:
        for stratum, count in other.below.items():
            self.below[stratum] = self.below.get(stratum, 0) + count
        for stratum, numbers in other.inside.items():
            self.inside[stratum] = self.inside.get(stratum, []) + numbers
        return self

    def cuts(self, windows: Windows) -> dict[Stratum, float]:
        """The greatest number that wins, of each stratum that is drawn from."""
        found = {}
        for stratum, winners in windows.winners.items():
            numbers = np.sort(np.concatenate(self.inside.get(stratum) or [np.empty(0)]))
            place = winners - self.below.get(stratum, 0)
            if not 0 < place <= len(numbers):
                raise EvenweaveError(f"mix: no cut was found in {stratum}; please report this")
            found[stratum] = float(numbers[place - 1])
        return found


def collect(name: ShardName, reader: PartReader, windows: Windows) -> Candidates:
    """The second pass over a part."""
    part = weighed(reader.read(name), windows.weights)
    strata, which = strata_of(part)
    number = _numbers(part, reader.seed)
    found = Candidates()
    for index, stratum in enumerate(strata):
        if stratum in windows.windows:
            first, end = windows.windows[stratum]
            own = number[which == index]
            found.below[stratum] = int((own < first).sum())
            found.inside[stratum] = [own[(own >= first) & (own <= end)]]
    return found


def select(
    name: ShardName, reader: PartReader, windows: Windows, cuts: Mapping[Stratum, float]
) -> tuple[Counts, PartRows, NDArray[np.int64]]:
    """The last pass over a part: write its selection, unless it stands there already; its counts, rows, (N,) copies."""
    folder = reader.folder
    part = weighed(reader.read(name), windows.weights)
    copies, expected = copies_of(part, reader.seed, windows, cuts)
    chosen = np.flatnonzero(copies)
    counts = _counts(part, copies)
    path, made_with = folder.selection(*name), folder.fingerprints[MIX.name]
    if not path.is_file():
        columns = [
            part.keys.take(pa.array(chosen)),
            pa.array([name.shard] * len(chosen), pa.string()),
            copies[chosen].astype(np.int32),
            expected[chosen],
        ]
        write_table(path, pa.table(columns, schema=SELECTION), made_with, counts)
    return counts, part, copies


def copies_of(
    part: PartRows, seed: int, windows: Windows, cuts: Mapping[Stratum, float]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """(N,) copies of each row, and (N,) those that it could expect. Rows of other splits are there once."""
    strata, which = strata_of(part)
    number = _numbers(part, seed)
    copies = part.is_apart.astype(np.int64)
    expected = part.is_apart.astype(np.float64)
    for index, stratum in enumerate(strata):
        own = which == index
        copies[own] = windows.certain.get(stratum, 0)
        copies[own & (number <= cuts.get(stratum, -1.0))] += 1
        expected[own] = windows.quotas.expected.get(stratum[0], 0.0)
    return copies, expected


def _numbers(part: PartRows, seed: int) -> NDArray[np.float64]:
    """Two rows of one number, at 22 million once in a hundred thousand mixtures, would matter only at a cut."""
    return keyed.uniform(seed, _PURPOSE, part.sample_ids)


def _counts(part: PartRows, copies: NDArray[np.int64]) -> Counts:
    chosen, refused = int((copies > 0).sum()), int(part.is_refused.sum())
    dropped = {Reason.NOT_SELECTED: len(copies) - chosen - refused, Reason.LICENCE_NOT_ALLOWED: refused}
    return Counts(len(copies), chosen, {str(reason): count for reason, count in dropped.items() if count})
