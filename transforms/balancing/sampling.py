"""From weights to expected copies: λ such that Σ min(max_copies, λ·w) is the size asked for.

Weights are rounded to bins of 1/2048 of an octave, relative width 0.05 %. All images of a bin have one weight, so a
histogram of integers says all there is to know: λ is exact, and the same however the rows lie in shards. The rounding
moves an inclusion probability by 0.025 % at most, and moves no size: that is exact (see ``order_sampling``).

Shape legend: N rows, S strata, B bins.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from transforms.balancing.hits import Hits

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

BINS_PER_OCTAVE = 2048
_LOWEST_OCTAVE, _OCTAVES = -80, 128  # 2^-80 … 2^48: inverse squares of 10^12 images fit, and so do fitted weights
N_BINS = _OCTAVES * BINS_PER_OCTAVE

# A positive float64's bits, read as an integer, rise with its value: exponent first, then 52 bits of mantissa.
_SHIFT = 52 - BINS_PER_OCTAVE.bit_length() + 1
_ORIGIN = (1023 + _LOWEST_OCTAVE) * BINS_PER_OCTAVE


def bins(values: Floats) -> Ints:
    """(N,) positive floats → (N,) bins; rising values never fall in falling bins."""
    index = np.ascontiguousarray(values, dtype=np.float64).view(np.int64) >> _SHIFT
    index -= _ORIGIN
    return np.clip(index, 0, N_BINS - 1, out=index)


def bin_values() -> Floats:
    """(B,) the middle of each bin."""
    bits = (np.arange(N_BINS, dtype=np.int64) + _ORIGIN << _SHIFT) + (1 << _SHIFT - 1)
    return bits.view(np.float64)


def bin_hits(index: Ints, strata: Ints, n_strata: int) -> Hits:
    """What (N,) bins and (N,) strata add to (S, B) rows."""
    joint = strata * N_BINS
    joint += index
    return Hits(joint, (n_strata, N_BINS))


def expected_copies(weights: Floats, rows: NDArray[Any], size: float, max_copies: int) -> Floats:
    """min(max_copies, λ·w) with Σ rows · that = size. ``weights`` and ``rows`` (number of rows of each) are (B,).

    λ rises to its value in a few steps: those above the cap are set aside, λ is solved for the rest, which may lift
    more above the cap; none comes back, so it ends. ``size`` must not be above max_copies · Σ rows.
    """
    held = rows > 0
    mass, capped = weights * rows, np.zeros(len(weights), dtype=bool)
    while True:
        rest = held & ~capped
        total = float(mass[rest].sum())
        if total <= 0:
            scale = 0.0 if not capped.any() else np.inf
            break
        scale = (size - max_copies * float(rows[capped].sum())) / total
        above = held & (weights * scale >= max_copies)
        if np.array_equal(above | capped, capped):
            break
        capped |= above
    expected = np.where(capped | (scale == np.inf), float(max_copies), 0.0)
    np.multiply(weights, scale, out=expected, where=~capped & np.isfinite(scale))
    return np.minimum(expected, max_copies)


@dataclass(frozen=True)
class Expectation:
    """What the rows of each stratum and bin may expect; all of it (S, B) or (S,)."""

    expected: Floats  # (S, B) expected copies e
    certain: NDArray[np.int32]  # (S, B) floor(e)
    inverse_odds: Floats  # (S, B) (1-f)/f of the fraction f = e - floor(e); inf where f is 0
    winners: Ints  # (S,) rows that win one copy more, by rank
    variance: Floats  # (S,) Σ f(1-f): that of the number of winners if each row were chosen on its own
    share: float  # size over rows, all strata together: what each row might expect of a plain random selection

    @classmethod
    def solve(cls, rows: Ints, sizes: tuple[int, ...], max_copies: int, values: Floats | None = None) -> Expectation:
        """From the (S, B) histogram of weights, the size of each stratum, and the (B,) weight that a bin stands for."""
        values = bin_values() if values is None else values
        expected = np.stack(
            [
                expected_copies(values, count, size, max_copies) if size else np.zeros(N_BINS)
                for count, size in zip(rows, sizes, strict=True)
            ]
        )
        certain = np.floor(expected)
        fraction = expected - certain
        with np.errstate(divide="ignore"):
            inverse_odds = (1 - fraction) / fraction
        eligible = (rows * (fraction > 0)).sum(axis=1)
        winners = np.clip(np.asarray(sizes) - (rows * certain).sum(axis=1).astype(np.int64), 0, eligible)
        return cls(
            expected,
            certain.astype(np.int32),
            inverse_odds,
            winners.astype(np.int64),
            (rows * fraction * (1 - fraction)).sum(axis=1),
            sum(sizes) / max(int(rows.sum()), 1),
        )
