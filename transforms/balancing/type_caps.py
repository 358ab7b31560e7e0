"""The most that types of concepts may have of what is selected, and the prices that keep them there.

A cap Σ_{k∈T} c_k ≤ s·M has a price λ ≥ 0, and that is a tilt of the target: log t_k − λ for the concepts of the type.
Where there is enough of everything p follows t, so that the log odds of a share fall by λ: a step is by how much they
are too high. Where there is not, it takes a few rounds more; and none is dearer than MOST_TILT, which floors surpass.

Shape legend: V concepts, P of them present, J caps.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from transforms.balancing.sampling import Floats, Ints
from transforms.errors import ConfigError

KEY = "balance.even.caps.type"

#: Nats: a type that has a share of 0.99 in the target would have 0.005 at this price, if images could be found.
MOST_TILT = 10.0

_ADDS_UP = 1e-6  # how near to one; a sum of shares as they are written is off by less
_UNMET = 1.02  # times its cap: what has more, as expected, is a cap that images or floors do not let be kept
_LEAST_SHARE = 1e-12


def count_types(types: Sequence[str | None], asked: Iterable[str], key: str) -> Counter[str]:
    """Concepts of each type. Raises ConfigError where none has one, and for types ``asked`` for by the setting ``key``
    that there are not."""
    known = Counter(kind for kind in types if kind)
    if not known:
        raise ConfigError(
            f"{key} is set, but the vocabulary gives no concept a type. Build one that does (evenweave vocabulary "
            f"build), or list types in the word list, or remove {key}."
        )
    if missing := sorted(set(asked) - set(known)):
        found = ", ".join(f"{kind} ({count:,})" for kind, count in known.most_common())
        raise ConfigError(
            f"{key} names {', '.join(missing)}, a type that no concept of the vocabulary has; it has {found}. "
            "Mend the name, or remove it."
        )
    return known


@dataclass(frozen=True)
class TypeCaps:
    """Of the copies of all concepts, by type."""

    names: tuple[str, ...]  # (J,)
    most: Floats  # (J,)
    place: Ints | None  # (V,) which cap each concept is under; J: none; None where there are no caps

    @classmethod
    def of(cls, shares: Mapping[str, float], types: Sequence[str | None]) -> Self:
        """Raises ConfigError for types that no concept has."""
        count_types(types, shares, KEY)
        number = {name: place for place, name in enumerate(shares)}
        place = np.array([number.get(kind or "", len(number)) for kind in types], np.int64)
        return cls(tuple(shares), np.array(list(shares.values())), place)

    def check(self, present: Ints) -> None:
        """``present``: the concepts that images hold. Raises ConfigError where caps leave some of the whole to none."""
        if self.place is None or (self.place[present] == len(self.names)).any():
            return
        held = np.unique(self.place[present])
        if (total := float(self.most[held].sum())) < 1 - _ADDS_UP:
            told = ", ".join(f"{self.names[one]} {self.most[one]:g}" for one in held.tolist())
            raise ConfigError(
                f"{KEY} allows {told}, and images hold no other types: together {total:g} of the whole. Raise them "
                "until they add up to 1, or leave one out."
            )

    def tilted(self, log_target: Floats, tilt: Floats, present: Ints) -> Floats:
        """(P,) with (J,) prices taken off; as it is where there are no caps."""
        return log_target if self.place is None else log_target - np.append(tilt, 0.0)[self.place[present]]

    def shares(self, copies: Floats, present: Ints) -> Floats:
        """(J,) of (P,) copies."""
        if self.place is None:
            return np.zeros(0)
        held = np.bincount(self.place[present], copies, len(self.names) + 1)
        return np.asarray(held[:-1] / max(float(held.sum()), 1e-300), np.float64)

    def next_tilt(self, tilt: Floats, copies: Floats, present: Ints) -> Floats:
        """(J,) prices after a round that came to (P,) copies."""
        return np.clip(tilt + _log_odds(self.shares(copies, present)) - _log_odds(self.most), 0.0, MOST_TILT)

    def are_unmet(self, shares: Floats) -> NDArray[np.bool_]:
        """(J,) whether (J,) shares are above the caps."""
        return np.asarray(shares > _UNMET * self.most, np.bool_)

    def prices(self, tilt: Floats, n_concepts: int) -> Floats:
        """(V,) what a copy of each concept costs, less what it makes room for: Σ of them over copies is no more than 0
        for a selection that keeps the caps. ``tilt``: (J,) prices, of which any are true ones."""
        if self.place is None:
            return np.zeros(n_concepts)
        return np.append(tilt, 0.0)[self.place] - float(tilt @ self.most)


def _log_odds(shares: Floats) -> Floats:
    inside = np.clip(shares, _LEAST_SHARE, 1 - _LEAST_SHARE)
    return np.asarray(np.log(inside / (1 - inside)), np.float64)


NO_TYPE_CAPS = TypeCaps((), np.zeros(0), None)
