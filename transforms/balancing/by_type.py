"""A selection by the types of its concepts: their share of what is held, the share that was aimed at, and coverage.

Shape legend: V concepts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from transforms.balancing.measures import band_coverage
from transforms.balancing.sampling import Floats, Ints

#: What concepts without a type are said to be of.
NO_TYPE = "none"

#: A share that is off by more is told: a twentieth of the whole mass.
_FAR_OFF = 0.05


def figures_by_type(
    types: Sequence[str | None], selections: Mapping[str, Ints], log_target: Floats
) -> dict[str, dict[str, Any]]:
    """By type, of (V,) ``types``; nothing where no concept has one.

    ``selections``: (V,) copies of each concept, the corpus first; ``log_target`` (V,), −∞ where there is none.
    """
    if not any(types):
        return {}
    kinds = np.array([kind or NO_TYPE for kind in types])
    before = next(iter(selections.values()))
    return {str(kind): _of_type(kinds == kind, selections, np.exp(log_target)) for kind in np.unique(kinds[before > 0])}


def _of_type(inside: NDArray[np.bool_], selections: Mapping[str, Ints], target: Floats) -> dict[str, Any]:
    before = next(iter(selections.values()))
    return {
        "concepts": int((before[inside] > 0).sum()),
        "target": float(target[inside].sum()),
        "share": {name: float(counts[inside].sum()) / max(int(counts.sum()), 1) for name, counts in selections.items()},
        "coverage": {
            name: band_coverage(counts[inside], before[inside])
            for name, counts in selections.items()
            if counts is not before
        },
    }


def far_off(by_type: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """What to tell of types whose share is not what was aimed at, the furthest first."""
    off = {kind: figures["share"]["selected"] - figures["target"] for kind, figures in by_type.items()}
    return [
        f"{kind} {100 * by_type[kind]['share']['selected']:.1f} % for {100 * by_type[kind]['target']:.1f} %"
        for kind in sorted(off, key=lambda kind: -abs(off[kind]))
        if abs(off[kind]) > _FAR_OFF
    ]
