"""What another balance of a finished run would come to, told from the sample that the run was fitted on.

The fit is the one that a run makes, so the only error is that of the sample, and of chance. Of the sample it is told by
leaving out a tenth of its images at a time (the delete-a-group jackknife), of chance by drawing the sample's images, each
by itself, a few times.

Shape legend: R images of the sample, V concepts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from transforms import keyed
from transforms.balancing.even.sample import WeighedSample
from transforms.balancing.measures import COVERED_IMAGES
from transforms.balancing.methods.even import Even
from transforms.balancing.methods.weighting import Corpus
from transforms.balancing.outlook import evenness, log_target
from transforms.balancing.sampling import Floats, Ints, expected_copies
from transforms.balancing.settings import BalanceSettings
from transforms.balancing.strata import Strata
from transforms.errors import ConfigError

_GROUPS = 10
_DRAWS = 10
_PURPOSE = "balance what if"


@dataclass(frozen=True)
class Outcome:
    """What a selection by these settings would be. Errors are two standard deviations."""

    size: int
    floor: int  # images that each concept keeps, or all it has
    evenness: float
    evenness_error: float
    covered: float  # concepts with COVERED_IMAGES images
    covered_error: float
    free_draws: float  # choices left to chance


def what_if(settings: BalanceSettings, sample: WeighedSample, inside: Ints) -> Outcome:
    """Raises ConfigError for another method than even, other strata, and for what cannot be had."""
    _check(settings, sample)
    rows = int(sample.rows.sum() + sample.bare_rows.sum())
    weights = Even.fit(Corpus(settings, inside, inside, rows, sample)).weights()
    copies = _expected(settings, sample, weights)
    target = log_target(inside, settings.even.temper)
    fraction = copies % 1
    groups = (
        keyed.mix64(np.arange(len(copies), dtype=np.uint64), settings.seed, _PURPOSE) % np.uint64(_GROUPS)
    ).astype(int)

    def measured(held: Floats) -> tuple[float, float]:
        counts = _held(sample, held, len(inside))
        return evenness(counts, target), float((counts >= COVERED_IMAGES - 0.5).sum())

    even, covered = measured(sample.weight * copies)
    if sample.is_whole:
        without = np.array([(even, covered)] * _GROUPS)
    else:
        share = _GROUPS / (_GROUPS - 1)
        without = np.array([measured(sample.weight * copies * share * (groups != one)) for one in range(_GROUPS)])
    random = np.random.default_rng(settings.seed)
    drawn = np.array(
        [
            measured(sample.weight * (np.floor(copies) + (random.random(len(copies)) < fraction)))
            for _ in range(_DRAWS if sample.is_whole else 1)
        ]
    )
    jackknife = (_GROUPS - 1) / _GROUPS * ((without - without.mean(axis=0)) ** 2).sum(axis=0)
    error = 2 * np.sqrt(jackknife + drawn.var(axis=0))
    if sample.is_whole:
        even, covered = drawn.mean(axis=0).tolist()
    free = float(sample.weight @ (fraction * (1 - fraction)))
    floor = weights.promise.floor if weights.promise is not None else 0
    return Outcome(settings.size, floor, even, float(error[0]), covered, float(error[1]), free)


def _check(settings: BalanceSettings, sample: WeighedSample) -> None:
    if settings.method != "even":
        raise ConfigError(f"what if is answered for balance.method even, not for {settings.method}; try --exact")
    strata = Strata.of(settings)
    if len(strata) != len(sample.rows):
        raise ConfigError("balance.strata must be those of the run: its sample knows no others. Try --exact")
    strata.check(
        {name: int(count) for name, count in zip(strata.names, sample.rows + sample.bare_rows, strict=False)},
        settings.max_copies,
    )


def _expected(settings: BalanceSettings, sample: WeighedSample, weights: Even) -> Floats:
    """(R,) copies that the images of the sample may expect, sizes exact."""
    groups, index = weights.place(sample.ids, sample.strata)
    values, copies = weights.bin_values(), np.zeros(len(index))
    for group, size in enumerate(weights.group_sizes(settings)):
        rows = np.flatnonzero(groups == group)
        if size and len(rows):
            stands_for = np.bincount(index[rows], sample.weight[rows], len(values))
            most = min(float(size), settings.max_copies * float(stands_for.sum()))
            copies[rows] = expected_copies(values, stands_for, most, settings.max_copies)[index[rows]]
    return copies


def _held(sample: WeighedSample, copies: Floats, n_concepts: int) -> Floats:
    counts = np.bincount(sample.ids.ravel() + 1, np.repeat(copies, sample.ids.shape[1]), n_concepts + 1)[1:]
    return np.asarray(counts, dtype=np.float64)
