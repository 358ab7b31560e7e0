"""The fit of ``even`` on a sample: κ, and floors with their margins.

κ = −KL(p‖t) is what a copy more is worth at the optimum (Dinkelbach 1967, https://doi.org/10.1287/mnsc.13.7.492), so it
is set to what was achieved until that no longer changes; with it the worth of a copy, log M − κ, at which the program
is solved. A floor binds the expected copies of a concept, with a margin of some standard deviations √Σf(1−f) of what is
drawn, which follows the solution in the same steps.

A sample may carry a concept r times too little, by the images that it has over those that the sample says; so the
program is solved with t_k/r_k. What passes over all rows find is told by a :class:`Correction` (see even/correct.py).

Shape legend: R images of the sample, K concepts an image, V concepts, P of them present, S strata, C cells, J caps.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from transforms.balancing.cells import Cells
from transforms.balancing.even.incidence import Incidence
from transforms.balancing.even.program import Caps, Point, Problem, first_point, solve
from transforms.balancing.even.sample import WeighedSample
from transforms.balancing.measures import divergence_below
from transforms.balancing.sampling import Floats, Ints
from transforms.balancing.settings import EvenSettings
from transforms.balancing.target import NO_TARGET, Target

_ROUNDS = 30  # of κ and margins; about 6 are taken, some 20 where nearly every image is held by a floor
_WORTH_TOLERANCE = 1e-5  # nats
_MOST_RATIO = 0.95  # of steps: 20 are taken at once, at most
_FLOOR_TOLERANCE = 0.2  # images; far below the margin
_TILT_TOLERANCE = 1e-3  # nats: a thousandth of the share that a type may have

#: Times the tolerance, in the first rounds of a fit and of a correction: while what is solved still moves, its solution
#: need not be exact. Nor need the last few concepts come to rest, so such rounds are short.
_COLD, _WARM = (100.0, 30.0, 10.0, 5.0, 5.0, 5.0, 5.0), (3.0,)
_COARSE_STEPS = 100

#: A floor counts as kept when this near, in images and as a share: the solver stops so near.
_KEPT_IMAGES, _KEPT_SHARE = 0.25, 0.002


@dataclass(frozen=True)
class Request:
    """What is asked for."""

    sizes: Ints  # (S,) copies of images with a concept
    bare_sizes: Ints  # (S,) and without one
    max_copies: int
    floor: int  # of each concept, or all it has; where it is open, the most that may be asked for
    floor_is_open: bool  # whether a lower one will do
    settings: EvenSettings
    cells: Cells
    target: Target = NO_TARGET

    def log_target(self, images: Floats, present: Ints) -> Floats:
        """(P,) of present concepts on so many images."""
        return self.target.log_shares(images, present, self.settings.temper)


@dataclass(frozen=True)
class Correction:
    """What all rows hold over what the sample says they do; and of each concept what it does not tell of."""

    concepts: Floats  # (P,)
    missed: Floats  # (P,) copies, of all rows; below 0 where the sample tells of too many
    sizes: Floats  # (S,)
    caps: Floats  # (J,)
    cells: Floats  # (C,)

    @classmethod
    def of(cls, concepts: Floats, missed: Floats, cells: Cells, found: Floats, said: Floats) -> Correction:
        """``found`` and ``said`` (C,): rows, or copies, by all rows and by the sample."""
        holds, _ = cells.limits(0)
        sizes = _ratio(cells.to_strata(found), cells.to_strata(said))
        return cls(concepts, missed, sizes, _ratio(holds @ found, holds @ said), _ratio(found, said))


@dataclass(frozen=True)
class Frame:
    """A sample, parted into the images that are certain and those that are solved for."""

    request: Request
    sample: WeighedSample
    present: Ints  # (P,) the concepts of the vocabulary that any image holds, of the sample or not
    images: Floats  # (P,) of each, in all
    supply: Floats  # (P,) copies that the sample could give of each
    certain: Ints  # concepts of the vocabulary of which every image is certain
    certain_copies: Floats  # (C,) that certain images take
    problem: Problem

    @classmethod
    def of(cls, request: Request, counts: Ints, sample: WeighedSample) -> Frame:
        """``counts`` (V,): the images of each concept, in the strata that give any."""
        present = np.flatnonzero(counts > 0)
        index = np.full(len(counts) + 1, len(present), dtype=np.int32)
        index[present] = np.arange(len(present))
        everything, cap = Incidence.of(index[sample.ids], len(present)), request.max_copies
        certain = cap * counts[present] <= request.floor
        is_certain = everything.of_images(certain.astype(np.float64)) > 0
        taken = np.bincount(sample.cells, cap * sample.weight * is_certain, len(request.cells))
        copies = np.asarray(taken, dtype=np.float64)
        rows, images = ~is_certain, counts[present].astype(np.float64)
        empty, cells = np.zeros(len(present)), sample.cells[rows]
        holds, most = request.cells.limits(int(request.sizes.sum()))
        problem = Problem(
            everything.some(rows),
            sample.weight[rows],
            request.cells.stratum[cells],
            request.sizes - request.cells.to_strata(copies),
            empty,
            request.log_target(images, present),
            np.where(certain | (not sample.is_whole), 0.0, float(request.floor)),
            1 / request.settings.beta,
            cap,
            Caps(holds, np.maximum(most - holds @ copies, 0.0), cells),
        )
        fixed = everything.of_concepts(cap * sample.weight * is_certain)
        supply = everything.of_concepts(cap * sample.weight)
        every = np.flatnonzero((counts > 0) & (cap * counts <= request.floor))
        return cls(request, sample, present, images, supply, every, copies, replace(problem, fixed=fixed))

    def known(self) -> Correction:
        """By the counts of all rows, which are known before any is weighed. Of what the sample does not hold, all is
        taken for chosen: it weighs as what needs no more."""
        said = np.bincount(self.sample.cells, self.sample.weight, len(self.request.cells))
        concepts = _ratio(self.request.max_copies * self.images, self.supply)
        found, rows = self.sample.rows.astype(np.float64), np.asarray(said, dtype=np.float64)
        missed = np.where(self.supply > 0, 0.0, self.request.max_copies * self.images)
        return Correction.of(concepts, missed, self.request.cells, found, rows)

    @property
    def floor(self) -> Floats:
        """(P,) images that each concept is to keep."""
        return np.minimum(float(self.request.floor), self.request.max_copies * self.images)

    def within(self, floor: Floats) -> Floats:
        """(P,) floors that the sample could keep."""
        return np.minimum(floor, self.supply)


@dataclass(frozen=True)
class Solution:
    """The solution for a frame."""

    frame: Frame
    correction: Correction
    point: Point
    kappa: float
    floor: Floats  # (P,) with margins, of all rows
    rounds: int
    settled: bool  # whether κ, margins and solver came to rest
    tilt: Floats  # (J',) what each cap on a type costs, in nats a copy
    lift: Floats  # (P,) what its floor adds to the worth of a copy, in nats: of a sample, where passes found it short
    passes: tuple[float, ...] = ()  # evenness of all rows at the weights that each correction began with
    values: tuple[float, ...] = ()  # the same, less what floors lack
    best: Best | None = None  # of those that a pass looked at

    @property
    def achieved(self) -> Floats:
        """(P,) expected copies of each concept, of all rows."""
        return self.point.achieved * self.correction.concepts

    @property
    def cell_copies(self) -> Floats:
        """(C,) expected copies of each cell, of all rows."""
        return said_of_cells(self.frame, self.point) * self.correction.cells

    @property
    def short(self) -> Ints:
        """(P',) the concepts whose floor is not kept."""
        return np.flatnonzero(_lacking(self.achieved, self.floor))


@dataclass(frozen=True)
class Best:
    """A solution, and what a pass over all rows found it worth."""

    value: float
    solution: Solution


def said_of_cells(frame: Frame, point: Point) -> Floats:
    """(C,) copies of each cell, as the sample says."""
    problem = frame.problem
    solved = np.bincount(problem.caps.cell, problem.weight * point.copies, len(frame.request.cells))
    return np.asarray(solved + frame.certain_copies, np.float64)


def _lacking(achieved: Floats, floor: Floats) -> NDArray[np.bool_]:
    return floor - achieved > np.maximum(_KEPT_IMAGES, _KEPT_SHARE * floor)


def fit(
    frame: Frame,
    correction: Correction | None = None,
    start: Solution | None = None,
    lift: Floats | None = None,
    *,
    gives_up: bool = False,
) -> Solution:
    """Rounds of the program until κ and margins have settled; ``start``: from where; ``lift`` (P,): what floors add to
    the worth of a copy. ``gives_up``: as soon as any concept surely falls short."""
    request, problem = frame.request, frame.problem
    ratio = correction or frame.known()
    lift = np.zeros(len(frame.present)) if lift is None else lift
    least = problem.floor
    tolerance, most_steps = request.settings.tolerance, request.settings.max_iterations
    caps = request.target.caps
    tilt = start.tilt if start else np.zeros(len(caps.names))
    floor = start.floor if start else least
    corrected = told(frame, ratio, tilt, lift).with_floor(frame.within(floor / ratio.concepts))
    bare = frame.within(least / ratio.concepts)
    settled, pace = False, _WARM if start else _COLD
    point, kappa = (start.point, start.kappa) if start else (first_point(corrected), 0.0)
    worth, rise = worth_of(point, ratio, kappa), _Rise()
    for number in range(1, _ROUNDS + 1):
        coarse = pace[number - 1] if number <= len(pace) else 1.0
        steps = most_steps if coarse == 1 else min(most_steps, _COARSE_STEPS)
        point, at_rest = solve(corrected, worth, point, (coarse * tolerance, steps))
        if gives_up and _surely_lacks(point, bare, coarse, at_rest):
            break  # margins only raise floors, so what cannot be kept without them cannot be kept
        achieved = point.achieved * ratio.concepts
        kappa = divergence_below(achieved, caps.tilted(problem.log_target, tilt, frame.present))
        reached, tilt_wanted = worth_of(point, ratio, kappa), caps.next_tilt(tilt, achieved, frame.present)
        margin = _with_margin(frame, point, ratio, least)
        wanted = margin if number == 1 and start is None else (margin + floor) / 2  # margins shrink as floors rise
        binds = (point.mu > 0) | (achieved < wanted + _FLOOR_TOLERANCE)
        is_still = (
            abs(reached - worth) < _WORTH_TOLERANCE,
            np.abs(wanted - floor)[binds].max(initial=0.0) < _FLOOR_TOLERANCE,
            np.abs(tilt_wanted - tilt).max(initial=0.0) < _TILT_TOLERANCE,
        )
        settled = coarse == 1 and all(is_still)
        if settled or number == _ROUNDS:
            break
        rise = rise if is_still[2] else _Rise()  # what a worth leads to is another thing at another target
        worth, floor, tilt = rise.step(worth, reached), wanted, tilt_wanted
        corrected = told(frame, ratio, tilt, lift).with_floor(frame.within(floor / ratio.concepts))
    return Solution(
        frame, ratio, point, kappa, corrected.floor * ratio.concepts, number, settled and at_rest, tilt, lift
    )


@dataclass
class _Rise:
    """Steps of a worth to where what follows from it is itself. Where chance costs little that follows slowly, and what
    is still missing is a geometric series, whose ratio the last two steps tell (Steffensen)."""

    last: tuple[float, float] | None = None

    def step(self, worth: float, reached: float) -> float:
        ratio = 0.0
        if self.last is not None and abs(worth - self.last[0]) > _WORTH_TOLERANCE:
            ratio = float(np.clip((reached - self.last[1]) / (worth - self.last[0]), 0.0, _MOST_RATIO))
        self.last = worth, reached
        return worth + (reached - worth) / (1 - ratio)


def _surely_lacks(point: Point, floor: Floats, coarse: float, at_rest: bool) -> bool:
    """Whether any floor is not kept, and would not be by a search that went on."""
    lacking = _lacking(point.achieved, floor)
    if coarse == 1:
        return bool(lacking.any())
    # where the price of a floor has no end, a concept rests at what it can have
    return at_rest and bool((lacking & (point.wanted < floor)).any())


def worth_of(point: Point, ratio: Correction, kappa: float) -> float:
    """log M − κ: of all rows, since what the sample lacks of a concept stands in its target."""
    return float(np.log((point.achieved * ratio.concepts).sum())) - kappa


def told(frame: Frame, ratio: Correction, tilt: Floats, lift: Floats) -> Problem:
    """What the sample is asked, so that all rows give what was asked for."""
    problem = frame.problem
    log_target = frame.request.target.caps.tilted(problem.log_target, tilt, frame.present)
    return replace(
        problem,
        log_target=log_target + lift - np.log(ratio.concepts),
        size=np.minimum(problem.size / ratio.sizes, _supply(problem)),
        fixed=problem.fixed + ratio.missed / ratio.concepts,
        caps=replace(problem.caps, most=problem.caps.most / ratio.caps),
    )


def _ratio(found: Floats, said: Floats) -> Floats:
    """found / said, 1 where either is next to nothing; a sample that is off by more than 20 says nothing."""
    known = (found > 1e-3) & (said > 1e-3)
    return np.where(known, np.clip(found / np.where(known, said, 1.0), 0.05, 20.0), 1.0)


def _with_margin(frame: Frame, point: Point, ratio: Correction, least: Floats) -> Floats:
    """(P,) floors of expected copies for which what is drawn keeps ``least``: no more than there is."""
    fraction = point.copies - np.floor(point.copies)
    variance = frame.problem.images.of_concepts(frame.problem.weight * fraction * (1 - fraction)) * ratio.concepts
    margin = frame.request.settings.floor_deviations * np.sqrt(variance)
    return np.where(least > 0, np.minimum(least + margin, frame.request.max_copies * frame.images), 0.0)


def _supply(problem: Problem) -> Floats:
    """(S,) most copies that the images can give."""
    weight = np.bincount(problem.group, problem.weight, len(problem.size))
    return np.asarray(problem.max_copies * weight, dtype=np.float64)
