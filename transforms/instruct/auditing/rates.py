"""Error rates with their intervals, of each stratum and of all that was written.

Strata are drawn alike and hold very different numbers, so that in all each labelled item stands for as many as its
stratum holds for each of its labels.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from transforms.instruct.auditing.drawing import Stratum
from transforms.instruct.auditing.labels import Label
from transforms.instruct.auditing.sheet_file import SheetFile

CONFIDENCE = 0.95
_Z = 1.959963984540054  # the normal distribution's quantile of 0.975


class Rate(NamedTuple):
    """``wrong`` of the ``labelled`` items, which are right or wrong: their share, and between what that of all lies."""

    population: int
    drawn: int
    labelled: int
    wrong: int
    unsure: int
    share: float
    low: float
    high: float


class Rates(NamedTuple):
    """``unlabelled``: strata of which no item is labelled right or wrong; nothing is known of them."""

    strata: Mapping[Stratum, Rate]
    all: Rate
    unlabelled: tuple[Stratum, ...]


def wilson(share: float, number: float) -> tuple[float, float]:
    """The score interval (Wilson 1927, https://doi.org/10.1080/01621459.1927.10502953), two-sided at 95 %; nothing is
    known of no trials. ``number`` need not be whole: of weighed trials it is the number of equal ones that would say as
    much."""
    if number <= 0:
        return 0.0, 1.0
    middle = (share + _Z**2 / (2 * number)) / (1 + _Z**2 / number)
    half = _Z / (1 + _Z**2 / number) * math.sqrt(share * (1 - share) / number + _Z**2 / (4 * number**2))
    low, high = max(0.0, middle - half), min(1.0, middle + half)
    return (0.0 if share == 0 else low), (1.0 if share == 1 else high)


def rates(sheet: SheetFile, labels: Mapping[str, Label]) -> Rates:
    by_stratum: dict[Stratum, Counter[str]] = {stratum: Counter() for stratum in sheet.population}
    drawn: Counter[Stratum] = Counter(sheet.items.values())
    for item, label in labels.items():
        by_stratum[sheet.items[item]][label] += 1
    found = {}
    for stratum, population in sheet.population.items():
        counts = by_stratum[stratum]
        labelled = counts["right"] + counts["wrong"]
        share = counts["wrong"] / labelled if labelled else 0.0
        interval = wilson(share, labelled)
        found[stratum] = Rate(population, drawn[stratum], labelled, counts["wrong"], counts["unsure"], share, *interval)
    return Rates(found, _together(list(found.values())), tuple(one for one, rate in found.items() if not rate.labelled))


def _together(strata: Sequence[Rate]) -> Rate:
    """By the effective number of labels (Kish 1965): (Σw)² / Σw², an item's weight w being what it stands for."""
    known = [rate for rate in strata if rate.labelled]
    whole = sum(rate.population for rate in known)
    share = sum(rate.population * rate.share for rate in known) / whole if whole else 0.0
    squares = sum(rate.population**2 / rate.labelled for rate in known)
    interval = wilson(share, whole**2 / squares if squares else 0.0)
    population, drawn, labelled, wrong, unsure = (int(sum(rate[at] for rate in strata)) for at in range(5))
    return Rate(population, drawn, labelled, wrong, unsure, share, *interval)
