"""Strata: groups of images, by source or language, each with its own exact size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from transforms.balancing.settings import BalanceSettings
from transforms.errors import EvenweaveError

#: The one stratum of a corpus that is not divided.
ALL = "all"


@dataclass(frozen=True)
class Strata:
    """The strata by index; where the settings name any, the last index, size 0, is that of images in none of them."""

    by: str | None
    names: tuple[str, ...]
    sizes: tuple[int, ...]

    @classmethod
    def of(cls, settings: BalanceSettings) -> Strata:
        if settings.strata is None:
            return cls(None, (ALL,), (settings.size,))  # all lie in it: every group costs histograms of megabytes
        sizes = settings.strata.sizes
        return cls(settings.strata.by, tuple(sizes), (*sizes.values(), 0))

    def __len__(self) -> int:
        return len(self.sizes)

    def index(self, name: str) -> int:
        """That of the stratum called ``name``, or the last one."""
        return self.names.index(name) if name in self.names else len(self.names)

    def indices(self, name: str, rows: int) -> NDArray[np.int64]:
        """(rows,) of one stratum's index, for a shard that lies in one stratum."""
        return np.full(rows, self.index(name), dtype=np.int64)

    def check(self, rows: Mapping[str, int], max_copies: int) -> None:
        """Raises EvenweaveError when a stratum is not in the corpus, or is too small for the size asked of it."""
        for name, size in zip(self.names, self.sizes, strict=False):
            if size and name not in rows and self.by is not None:
                found = ", ".join(f"{other} ({count})" for other, count in sorted(rows.items()))
                raise EvenweaveError(
                    f"balance.strata.sizes names the {self.by} {name!r}, but no image has it. "
                    f"The corpus has: {found or 'no images at all'}. Mend the name, or set its size to 0.{self._told()}"
                )
            available = rows.get(name, 0)
            if size > max_copies * available:
                where = f"the {self.by} {name!r}" if self.by else "the corpus"
                outside = sum(count for other, count in rows.items() if other not in self.names)
                apart = f" {outside} images have no {self.by} that balance.strata.sizes names." if outside else ""
                raise EvenweaveError(
                    f"balance asks for {size} images of {where}, which holds {available} after deduplication"
                    f" (balance.max_copies is {max_copies}, so at most {max_copies * available}).{apart} "
                    "Lower the size, raise max_copies, or add input."
                )

    def _told(self) -> str:
        if self.by != "lang":
            return ""
        return " Where a source's language is auto, captions are told apart among its languages (sources.N.languages)."
