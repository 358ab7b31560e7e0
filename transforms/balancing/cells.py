"""Cells: the strata, parted further by the sources and languages whose share is capped.

A cap binds what is expected, and a cell gets an exact size within all caps, so it holds for what is drawn too. Without
caps a cell is a stratum.

Shape legend: N rows, S strata, C cells, J caps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from transforms.balancing.sampling import Floats, Ints
from transforms.balancing.settings import BalanceSettings
from transforms.balancing.strata import ALL, Strata

_EXACT = 1e-9  # of the size: a share as it is written may lie a little below what it stands for


@dataclass(frozen=True)
class Cap:
    """The most that one source or language may have."""

    by: Literal["source", "lang"]
    name: str
    share: float  # of each size that is given
    holds: NDArray[np.bool_]  # (C,) the cells that it bounds

    @property
    def key(self) -> str:
        return f"balance.even.caps.{self.by}.{self.name}"

    def most(self, size: int) -> int:
        """Copies, of ``size``."""
        return int(np.floor(size * (self.share + _EXACT)))


@dataclass(frozen=True)
class Cells:
    """The cells by index: those of a stratum follow one another, and in it those of a source."""

    strata: Strata
    source_shares: Mapping[str, float]
    lang_shares: Mapping[str, float]

    @classmethod
    def of(cls, settings: BalanceSettings) -> Self:
        caps = settings.even.caps if settings.method == "even" else None
        return cls(Strata.of(settings), caps.source if caps else {}, caps.lang if caps else {})

    def __len__(self) -> int:
        return len(self.strata) * self._per_stratum

    @property
    def _per_stratum(self) -> int:
        return (len(self.source_shares) + 1) * (len(self.lang_shares) + 1)

    @property
    def are_by_source(self) -> bool:
        return self.strata.by == "source" or bool(self.source_shares)

    @property
    def are_by_lang(self) -> bool:
        return self.strata.by == "lang" or bool(self.lang_shares)

    @property
    def stratum(self) -> Ints:
        """(C,) that of each."""
        return np.arange(len(self)) // self._per_stratum

    @property
    def names(self) -> list[str]:
        """(C,) what tells cells apart, where a sample of them is kept."""
        strata = [*self.strata.names, ""]
        return [
            f"{stratum}/{source}/{lang}"
            for stratum in strata
            for source in (*self.source_shares, "")
            for lang in (*self.lang_shares, "")
        ]

    def caps(self) -> list[Cap]:
        """Each cap, those of sources first."""
        n_langs = len(self.lang_shares) + 1
        within = np.arange(len(self)) % self._per_stratum
        return [
            *(
                Cap("source", name, share, within // n_langs == number)
                for number, (name, share) in enumerate(self.source_shares.items())
            ),
            *(
                Cap("lang", name, share, within % n_langs == number)
                for number, (name, share) in enumerate(self.lang_shares.items())
            ),
        ]

    def limits(self, size: int) -> tuple[NDArray[np.bool_], Ints]:
        """(J, C) the cells of each cap, and (J,) copies that it allows of ``size``."""
        caps = self.caps()
        holds = np.stack([cap.holds for cap in caps]) if caps else np.zeros((0, len(self)), np.bool_)
        return holds, np.array([cap.most(size) for cap in caps], np.int64)

    def indices(self, source: str, langs: pa.ChunkedArray | None, rows: int) -> Ints:
        """(rows,) of the cell of each row of a shard; ``langs`` where cells are by language."""
        stratum = self.strata_of(source, langs, rows)
        of_source = _place(source, list(self.source_shares))
        of_lang = _places(langs, list(self.lang_shares)) if self.lang_shares and langs is not None else 0
        n_langs = len(self.lang_shares) + 1
        return np.asarray((stratum * (len(self.source_shares) + 1) + of_source) * n_langs + of_lang)

    def strata_of(self, source: str, langs: pa.ChunkedArray | None, rows: int) -> Ints:
        """(rows,) of the stratum of each."""
        if self.strata.by == "lang" and langs is not None:
            return _places(langs, self.strata.names)
        return self.strata.indices(source if self.strata.by == "source" else ALL, rows)

    def to_strata(self, values: Floats | Ints) -> Floats:
        """(C,) → (S,) sums."""
        return np.asarray(np.bincount(self.stratum, values, len(self.strata)), np.float64)


def _place(name: str, names: Sequence[str]) -> int:
    return names.index(name) if name in names else len(names)


def _places(found: pa.ChunkedArray, names: Sequence[str]) -> Ints:
    """(N,) index of each among the names, or one past the last."""
    index = pc.fill_null(pc.index_in(found, value_set=pa.array(names, pa.string())), len(names))
    return np.asarray(index.to_numpy(), np.int64)
