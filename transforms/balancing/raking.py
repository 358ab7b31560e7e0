"""Raking: weights fitted until the *selected* images carry the target mass of each concept.

Calibration by raking ratio (Deville and Särndal 1992, https://doi.org/10.1080/01621459.1992.10475217). An image weighs
w = exp(mean of θ over its concepts); θ_c rises while the selection holds less of concept c than the target, and falls
while it holds more. Unlike a formula on the counts, this sees that a frequent concept rides along with rare ones.

Rare concepts bring frequent ones with them, so the target can seldom be met by all at once, and plain raking then runs
θ off to ±∞: a selection without chance, and less even than one stopped early. So θ is held by a ridge (penalised
calibration, Guggemos and Tillé 2010, https://doi.org/10.1016/j.jspi.2010.05.009): it settles where
θ_c = stiffness · log(target_c / achieved_c). For a large stiffness this is the selection of least relative entropy to
the target, and plain raking where the target can be met.

The target mass of a concept is ∝ (its images)^temper, capped at what the corpus can supply; what the capped ones
cannot take is spread over the rest (water-filling).

Shape legend: V concepts, R images of the sample, K concepts an image, P parameters (a concept,
or a group of rare ones).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from transforms.balancing.sampling import Floats, Ints, expected_copies
from transforms.balancing.settings import RakingSettings
from transforms.errors import ConfigError

#: θ is rounded to 1/4096, so that the last bits of a machine's exponential do not reach the output.
_THETA_STEPS = 4096

#: Nats between the heaviest image and the lightest: exp(-745) is 0, and with it what an image expects.
_MOST_SPREAD = 700.0


def group_rare(counts: Ints, sample_counts: Ints, count_floor: int, sample_floor: int) -> tuple[NDArray[np.int32], int]:
    """Which parameter each concept uses: (V+1,) int32, and P. P itself means none; so does the last slot, for id -1.

    A concept seen on ``sample_floor`` images of the sample has its own. The others share one with those of the same
    octave of ``counts``; octaves too thin for the floor join the next one up. Concepts on fewer than ``count_floor``
    images, and rare ones that even together are too few, take no part.
    """
    fitted = counts >= count_floor
    own = np.flatnonzero(fitted & (sample_counts >= sample_floor))
    rare = np.flatnonzero(fitted & (sample_counts < sample_floor))
    parameter = np.full(len(counts) + 1, -1, dtype=np.int64)
    parameter[own] = np.arange(len(own))
    used, group = len(own), []
    octave = np.frexp(counts[rare].astype(np.float64))[1]
    for level in np.unique(octave):
        group.append(rare[octave == level])
        if sum(int(sample_counts[part].sum()) for part in group) >= sample_floor:
            parameter[np.concatenate(group)] = used
            used, group = used + 1, []
    parameter[parameter < 0] = used
    return parameter.astype(np.int32), used


def water_fill(supply: Floats, shape: Floats, total: float) -> Floats:
    """min(supply, level · shape) with that sum equal to ``total`` (or all of the supply, where it is less)."""
    ratio = supply / shape
    order = np.argsort(ratio, kind="stable")
    full = np.append(0.0, np.cumsum(supply[order]))[:-1]
    rest = np.cumsum(shape[order][::-1])[::-1]
    level = (total - full) / rest  # if all before this one are full and none from here on
    first = int(np.argmax(level <= ratio[order]))
    if level[first] > ratio[order][first]:
        return supply.copy()
    filled: Floats = np.minimum(supply, level[first] * shape)
    return filled


@dataclass(frozen=True)
class Fit:
    """The outcome, and what the report says of it."""

    theta: Floats  # (V,) NaN for a concept that takes no part
    iterations: int
    distance: float  # total variation between what the sample's selection carries and the target, 0 … 1


def fit(ids: NDArray[np.int32], counts: Ints, rows: int, size: int, max_copies: int, settings: RakingSettings) -> Fit:
    """Damped dual ascent on a sample.

    Args:
        ids: (R, K) concepts of the sample's images, -1 for none.
        counts: (V,) images of each concept in the whole corpus of ``rows`` images, from which ``size`` are chosen.

    Raises ConfigError where θ runs off beyond what floats hold.
    """
    share = len(ids) / max(rows, 1)
    sample_counts = np.bincount(ids[ids >= 0], minlength=len(counts))
    parameter, n_parameters = group_rare(counts, sample_counts, settings.count_floor, settings.sample_floor)
    if n_parameters == 0:
        return Fit(np.full(len(counts), np.nan), 0, 0.0)
    members = parameter[ids].astype(np.int64)  # (R, K); P for none
    n_members = (members < n_parameters).sum(axis=1)
    is_bare = np.asarray((ids < 0).all(axis=1))
    fitted = np.flatnonzero(parameter[:-1] < n_parameters)
    images = counts[fitted].astype(np.float64)
    supply, shape = max_copies * share * images, images**settings.temper
    step = settings.damping * _newton_steps(members, n_members, n_parameters)
    theta, distance, iteration, settled = np.zeros(n_parameters), 0.0, 0, False
    while iteration < settings.max_iterations and not settled:
        iteration += 1
        log_weight = _log_weights(theta, members, n_members, is_bare)
        _check_spread(log_weight, iteration, settings)
        copies = _expected(log_weight, size * share, max_copies)
        achieved = np.bincount(members.ravel(), np.repeat(copies, members.shape[1]), n_parameters + 1)[:-1]
        mass = float(achieved.sum())
        target = np.bincount(parameter[fitted], water_fill(supply, shape, mass), n_parameters)
        distance = float(np.abs(achieved / mass - target / target.sum()).sum() / 2)
        with np.errstate(divide="ignore"):
            gradient = np.log(target / achieved) - theta / settings.stiffness
        gradient = np.clip(gradient, -settings.max_step, settings.max_step)
        theta = theta + step * gradient
        settled = float(np.abs(gradient) @ target) < settings.tolerance * mass
    theta -= _log_unit(_log_weights(theta, members, n_members, is_bare), size * share, max_copies)
    rounded = np.append(np.round(theta * _THETA_STEPS) / _THETA_STEPS, np.nan)
    return Fit(rounded[parameter[:-1]], iteration, distance)


def _newton_steps(members: Ints, n_members: Ints, n_parameters: int) -> Floats:
    """(P,) change of θ that moves the log of what is achieved by one, the others held: 1 / mean(1/m).

    An image of m concepts sees θ_c through a mean, so by 1/m.
    """
    per_image = np.repeat(1 / np.maximum(n_members, 1), members.shape[1])
    slope = np.bincount(members.ravel(), per_image, n_parameters + 1)
    seen = np.bincount(members.ravel(), minlength=n_parameters + 1)
    steps: Floats = (seen / np.where(seen > 0, slope, 1.0))[:-1]
    return steps


def _check_spread(log_weight: Floats, iteration: int, settings: RakingSettings) -> None:
    spread = float(np.ptp(log_weight))
    if not spread <= _MOST_SPREAD:  # NaN too
        raise ConfigError(
            f"balance.raking.stiffness {settings.stiffness:g} lets the weights run off: after {iteration} iterations "
            f"they differ by a factor of e^{spread:.0f}, more than floats can hold. Lower it (10 is the default, and "
            "little is gained above), or raise temper, so that the target can be met."
        )


def _log_weights(theta: Floats, members: Ints, n_members: Ints, is_bare: NDArray[np.bool_]) -> Floats:
    """(R,) log weights of the sample's images; without a concept the least that one can give, and the most where
    none of the concepts takes part, since these are the rarest of all."""
    log_weight: Floats = np.einsum("rk->r", np.append(theta, 0.0)[members])
    log_weight /= np.maximum(n_members, 1)
    log_weight[n_members == 0] = theta.max()
    log_weight[is_bare] = theta.min()
    return log_weight


def _expected(log_weight: Floats, size: float, max_copies: int) -> Floats:
    """(R,) expected copies of the sample's images."""
    ones = np.ones(len(log_weight), dtype=np.int64)
    return expected_copies(np.exp(log_weight - log_weight.max()), ones, size, max_copies)


def _log_unit(log_weight: Floats, size: float, max_copies: int) -> float:
    """The log weight of an image that may expect one copy.

    As the unit of weight it keeps all that matters in the middle of the range that ``sampling`` tells apart.
    """
    copies = _expected(log_weight, size, max_copies)
    below = np.where(copies < max_copies, copies, 0.0)
    image = int(np.argmax(below))
    return float(log_weight[image] - np.log(below[image])) if below[image] > 0 else float(log_weight.max())
