"""What the rows of a shard add to a large array of counts.

Sums are arrays of 500,000 concepts, or of 262,144 bins for each group; a shard of some thousand rows touches a small
part of them, so that whole arrays of each shard would be mostly zeros to make, to send and to add.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Self, cast

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Hits:
    """``counts += hits`` adds to an array of ``shape`` in place. numpy leaves that to the operand (NEP 13)."""

    places: Ints  # (n,) of the flattened array; any may come more than once
    shape: tuple[int, ...]
    weights: Ints | None = None  # (n,) what each adds; None: one

    def __post_init__(self) -> None:
        if len(self.places) and not 0 <= self.places.min() <= self.places.max() < np.prod(self.shape):
            raise IndexError(f"hits at {self.places.min()} to {self.places.max()} of {self.shape}")

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, out: tuple[Any, ...] = (None,)) -> Any:
        counts = out[0]
        if ufunc is not np.add or method != "__call__" or counts is not inputs[0]:
            return NotImplemented
        if counts.shape != self.shape or not counts.flags.c_contiguous:
            raise ValueError(f"hits of {self.shape} cannot be added to {counts.shape}, or not in place")
        np.add.at(counts.reshape(-1), self.places, 1 if self.weights is None else self.weights)
        return counts

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """One below the other: of shapes (n, …) that differ in n alone."""
        starts = np.cumsum([0, *(int(np.prod(part.shape)) for part in parts)])
        places = [part.places + start for part, start in zip(parts, starts[:-1], strict=True)]
        shape = (sum(part.shape[0] for part in parts), *parts[0].shape[1:])
        if all(part.weights is None for part in parts):
            return cls(np.concatenate(places), shape)
        weights = [np.ones(len(one.places), np.int64) if one.weights is None else one.weights for one in parts]
        return cls(np.concatenate(places), shape, np.concatenate(weights))

    @classmethod
    def stacked(cls, parts: Sequence[Self]) -> Self:
        """Of one shape (…) each, to (n, …)."""
        return cls.joined([replace(part, shape=(1, *part.shape)) for part in parts])

    def to_add(self) -> Ints:
        """Itself, typed as what it is added to: parts and sums are of one class, and of a part only ``+=`` is asked."""
        return cast(Ints, self)

    def dense(self) -> Ints:
        """The array by itself."""
        counts = np.zeros(self.shape, np.int64)
        counts += self.to_add()
        return counts
