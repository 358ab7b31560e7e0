"""What another balance of a finished run would come to, told from the sample that the run was fitted on.

The fit is the one that a run makes, before its corrections. Where the sample is all there is, the error is that of
chance alone, told by a few draws. Else it is that of the sample, told by leaving out a tenth of it at a time (the
delete-a-group jackknife); and the sample knows neither what corrections gain nor what exchanges cost. So the run's own
settings are answered too, and the answer is moved by what they came to in truth, with half as much added to its error:
of 14 questions to a synthetic Zipf corpus, sampled at 5 and at 2 %, none was off by more than that (bench_whatif).
Coverage is that of the sample, with floors taken for kept: told too high where exchanges cannot keep them all.

Shape legend: R images of the sample, V concepts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from transforms.balancing.cells import Cells
from transforms.balancing.even.sample import WeighedSample
from transforms.balancing.measures import COVERED_IMAGES, evenness
from transforms.balancing.methods.even import Even
from transforms.balancing.methods.weighting import Corpus
from transforms.balancing.outlook import log_target
from transforms.balancing.sampling import Floats, Ints, expected_copies
from transforms.balancing.settings import BalanceSettings
from transforms.balancing.target import NO_TARGET, Target
from transforms.errors import ConfigError

#: What exchanges for floors may cost in evenness where the run had none: as much as of that corpus.
_DEAREST_EXCHANGES = 0.007

_GROUPS = 10
_DRAWS = 10


@dataclass(frozen=True)
class Outcome:
    """What a selection by these settings would be. Errors are two standard deviations; that of coverage, of a sample,
    is how many concepts may be on the wrong side of the bound."""

    size: int
    floor: int  # images that each concept keeps, or all it has
    evenness: float
    evenness_error: float
    covered: float  # concepts with COVERED_IMAGES images
    covered_error: float
    free_draws: float  # choices left to chance
    by_type: Mapping[str, float] = field(default_factory=dict)  # shares of mass, where something is asked of the type


def what_if(
    settings: BalanceSettings, sample: WeighedSample, inside: Ints, known: Cells, target: Target = NO_TARGET
) -> Outcome:
    """Of the (V,) images of each concept; ``known``: the cells that the sample tells apart. Raises ConfigError
    for another method than even, other strata or sources and languages that are capped, and for what cannot be had."""
    _check(settings, sample, known)
    rows = int(sample.rows.sum() + sample.bare_rows.sum())
    weights = Even.fit(Corpus(settings, inside, inside, rows, sample, target)).weights()
    copies = _expected(settings, sample, weights)
    aim, floor = log_target(inside, settings.even.temper, target), np.floor(copies)
    kept = np.minimum(0 if sample.is_whole else weights.guarantee.floor, settings.max_copies * inside)  # by exchange
    uniform = np.random.default_rng(settings.seed).random((_DRAWS, len(copies)))

    def measured(copies_of_rows: Floats) -> tuple[float, float]:
        counts = _held(sample, sample.weight * copies_of_rows, len(inside))
        return evenness(counts, aim), float((np.maximum(counts, kept) >= COVERED_IMAGES - 0.5).sum())

    drawn = np.array([measured(floor + (one < copies - floor)) for one in uniform]) if sample.is_whole else None
    found = np.array(measured(copies)) if drawn is None else drawn.mean(axis=0)
    variance = _jackknife(copies, measured) if drawn is None else drawn.var(axis=0, ddof=1)
    error = 2 * np.sqrt(variance)
    free = float(sample.weight @ ((copies - floor) * (1 - copies + floor)))
    if not sample.is_whole:
        error[1] = max(error[1], _near_covered(sample, copies, kept))
    coverage, promise = (float(found[1]), float(error[1])), weights.guarantee
    held = _held(sample, sample.weight * copies, len(inside))
    told = float(found[0]), float(error[0]), *coverage
    return Outcome(settings.size, promise.floor, *told, free, target.held(held))


def beside_the_run(found: Outcome, own: Outcome, said: Mapping[str, Any]) -> Outcome:
    """``found`` of a sample, moved by what the run came to beside what the sample says of its ``own`` settings;
    ``said``: its certificate."""
    corrected, drawn = said["evenness"]["expected"], said["evenness"]["drawn"]
    moved = corrected - own.evenness
    cost = (corrected - drawn if own.floor else 0.0) if found.floor else 0.0
    unknown = _DEAREST_EXCHANGES if found.floor and not own.floor else cost / 2
    error = found.evenness_error + abs(moved) / 2 + unknown
    moved -= cost
    return replace(found, evenness=min(found.evenness + moved, 1.0), evenness_error=error)


def _jackknife(copies: Floats, measured: Callable[[Floats], tuple[float, float]]) -> Floats:
    """The variance of what is measured, by leaving out a tenth of the sample at a time."""
    group = np.arange(len(copies)) % _GROUPS  # the sample stands in an order by chance, within rare concepts and others
    share = _GROUPS / (_GROUPS - 1)
    without = np.array([measured(copies * share * (group != one)) for one in range(_GROUPS)])
    spread: Floats = (_GROUPS - 1) / _GROUPS * ((without - without.mean(axis=0)) ** 2).sum(axis=0)
    return spread


def _near_covered(sample: WeighedSample, copies: Floats, kept: Floats) -> int:
    """How many concepts a sample may show on the wrong side of COVERED_IMAGES: of a rare one it holds a few rows, and
    its copies are off by as much as chance took more of them or fewer."""
    taken, n_concepts = sample.weight * copies, len(kept)
    counts = _held(sample, taken, n_concepts)
    deviation = np.sqrt(_held(sample, taken**2 * (1 - 1 / sample.weight), n_concepts))
    near = (np.abs(counts - COVERED_IMAGES) < deviation) & (kept < COVERED_IMAGES)
    return int(near.sum()) // 3  # of what lies within one deviation of a bound, evenly, 0.316 are beyond it


def _check(settings: BalanceSettings, sample: WeighedSample, known: Cells) -> None:
    if settings.method != "even":
        raise ConfigError(f"what if is answered for balance.method even, not for {settings.method}; try --exact")
    cells = Cells.of(settings)
    if cells.names != known.names or cells.strata.by != known.strata.by:
        raise ConfigError(
            "balance.strata must be those of the run, and balance.even.caps those of the same sources and languages: "
            "its sample knows no others. Try --exact"
        )
    rows = cells.to_strata(sample.rows + sample.bare_rows)
    cells.strata.check(
        {name: int(count) for name, count in zip(cells.strata.names, rows, strict=False)}, settings.max_copies
    )


def _expected(settings: BalanceSettings, sample: WeighedSample, weights: Even) -> Floats:
    """(R,) copies that the images of the sample may expect, sizes exact."""
    groups, index = weights.place(sample.ids, sample.cells)
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
