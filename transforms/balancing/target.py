"""What settings ask of concepts: target masses multiplied, by their names, and shares of the whole, by their types.

Beside that each concept counts as many images^temper. A share is dealt out among the concepts of its type that images
hold, in proportion to their masses, so that what is asked of single ones holds within their type.

Shape legend: V concepts, T shares.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import pyarrow as pa

from transforms.balancing.sampling import Floats, Ints
from transforms.balancing.settings import OTHER_TYPES, BalanceSettings, EvenSettings
from transforms.balancing.type_caps import NO_TYPE_CAPS, TypeCaps, count_types
from transforms.errors import ConfigError

_NAMED = 5  # concepts that a message names
_KEY = "balance.even.target_by_type"
_UNTYPED = "without a type"


@dataclass(frozen=True)
class TypeShares:
    """Of the whole mass, by type."""

    names: tuple[str, ...]  # (T,)
    shares: tuple[float, ...]  # (T,)
    place: Ints  # (V,) which share each concept is of; T: of none
    types: tuple[str, ...]  # those that there are, and one more, of concepts without any
    type: Ints  # (V,) the place of each concept's among them

    @classmethod
    def of(cls, shares: Mapping[str, float], types: Sequence[str | None]) -> Self:
        """Raises ConfigError for types that no concept has."""
        known = count_types(types, set(shares) - {OTHER_TYPES}, _KEY)
        kinds, names = (*sorted(known), _UNTYPED), tuple(shares)
        number = {kind: at for at, kind in enumerate(kinds)}
        of_kinds = np.array([number.get(kind or "", len(known)) for kind in types], np.int64)
        rest = names.index(OTHER_TYPES) if OTHER_TYPES in shares else len(names)
        place = np.array([names.index(kind) if kind in shares else rest for kind in kinds], np.int64)
        return cls(names, tuple(shares.values()), place[of_kinds], kinds, of_kinds)

    def check(self, present: Ints) -> None:
        """``present``: the concepts that images hold. Raises ConfigError for a share that none of them could take, and
        where some would have none."""
        held = np.bincount(self.place[present], minlength=len(self.names) + 1)
        if len(empty := np.flatnonzero(held[:-1] == 0)):
            told = ", ".join(f"{self.names[one]} {self.shares[one]:g}" for one in empty.tolist())
            raise ConfigError(
                f"{_KEY} asks for {told}, but no image holds such a concept. Remove it, and give its share to others; "
                "or lower balance.min_similarity."
            )
        if held[-1]:
            without = present[self.place[present] == len(self.names)]
            of_kinds = np.bincount(self.type[without], minlength=len(self.types)).tolist()
            told = ", ".join(f"{kind} ({n:,})" for kind, n in zip(self.types, of_kinds, strict=True) if n)
            raise ConfigError(
                f"{_KEY} leaves {held[-1]:,} of {len(present):,} concepts that images hold without a share: {told}. "
                f"Give their types shares too, or {OTHER_TYPES} one for all that are not named."
            )

    def scaled(self, masses: Floats, present: Ints) -> Floats:
        """(P,) masses of the concepts ``present`` (P,), those of each type brought to its share."""
        place = self.place[present]
        total = np.bincount(place, masses, len(self.names) + 1)
        return np.asarray(masses * (np.array([*self.shares, 0.0]) / np.where(total > 0, total, 1.0))[place], np.float64)

    def held(self, copies: Floats) -> dict[str, float]:
        """The shares that (V,) copies of concepts have, by their names."""
        total = np.bincount(self.place, copies, len(self.names) + 1)
        shares = (total / max(float(total.sum()), 1e-300)).tolist()
        return dict(zip(self.names, shares[: len(self.names)], strict=True))


@dataclass(frozen=True)
class Target:
    """Of the concepts of a vocabulary."""

    factors: Floats | None = None  # (V,) what masses are multiplied by; None: 1
    by_type: TypeShares | None = None  # None: types are as their concepts are
    caps: TypeCaps = NO_TYPE_CAPS

    @classmethod
    def of(cls, settings: EvenSettings, names: Sequence[str], types: Sequence[str | None]) -> Self:
        """Of concepts with (V,) ``names`` and ``types``. Raises ConfigError for what the vocabulary does not hold."""
        factors = target_factors(settings.target, names) if settings.target else None
        shares, caps = settings.target_by_type, settings.caps.type
        by_type = TypeShares.of(shares, types) if shares else None
        return cls(factors, by_type, TypeCaps.of(caps, types) if caps else NO_TYPE_CAPS)

    def check(self, counts: Ints) -> None:
        """``counts`` (V,): images of each concept. Raises ConfigError for shares that they cannot take, and for caps
        that leave some of the whole to none."""
        self.caps.check(np.flatnonzero(counts))
        if self.by_type is not None:
            self.by_type.check(np.flatnonzero(counts))

    def held(self, copies: Floats) -> dict[str, float]:
        """The shares that (V,) copies of concepts have, of the types that something is asked of."""
        shares = self.caps.shares(copies, np.arange(len(copies))).tolist()
        capped = dict(zip(self.caps.names, shares, strict=True))
        return {**capped, **(self.by_type.held(copies) if self.by_type is not None else {})}

    def log_shares(self, images: Floats, present: Ints, temper: float) -> Floats:
        """(P,) log t of the concepts ``present`` (P,), on so many (P,) images."""
        masses = images**temper * (1.0 if self.factors is None else self.factors[present])
        if self.by_type is not None:
            masses = self.by_type.scaled(masses, present)
        return np.asarray(np.log(masses / masses.sum()), np.float64)


NO_TARGET = Target()


def check_target(settings: BalanceSettings, read_concepts: Callable[[], pa.Table]) -> None:
    """Before any work: raises ConfigError for concepts and types that the vocabulary does not hold. ``read_concepts``:
    its ``name`` and ``type``, read only where something is asked of them."""
    even = settings.even
    if settings.method == "even" and even.asks_of_concepts:
        concepts = read_concepts()
        Target.of(even, concepts["name"].to_pylist(), concepts["type"].to_pylist())


def target_factors(named: Mapping[str, float], names: Sequence[str]) -> Floats:
    """(V,) of the concepts called (V,) ``names``; 1 where ``named`` says nothing. A name that several concepts have, in
    two languages say, is that of each.

    Raises ConfigError for a name that no concept has.
    """
    missing = sorted(set(named) - set(names))
    if missing:
        few = ", ".join(repr(name) for name in missing[:_NAMED]) + (", …" if len(missing) > _NAMED else "")
        raise ConfigError(
            f"balance.even.target names {len(missing)} of {len(named)} concepts that are not in the vocabulary: {few}. "
            "Mend the names, or add the concepts to the vocabulary."
        )
    return np.array([named.get(name, 1.0) for name in names], np.float64)
