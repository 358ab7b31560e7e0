"""What a balancing method is: it is fitted once, and then gives each image its weight from its concepts.

An image with no concept gets the least weight that an image with one concept can have, that of the commonest concept:
it can be chosen, and is never preferred. (``even`` makes a group of their own of such images.)

Shape legend: N rows, K concepts an image, V concepts, R images of the sample, G groups, B bins.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from transforms.balancing.sampling import Floats, Ints, bin_values, bins
from transforms.balancing.settings import BalanceSettings, Method
from transforms.balancing.strata import Strata
from transforms.balancing.weights import Ids


class Corpus(NamedTuple):
    """What a method is fitted to."""

    settings: BalanceSettings
    counts: Ints  # (V,) images of each concept
    rows: int
    sample: Ids  # (R, K) a plain random sample of the images


@dataclass(frozen=True)
class Weighting(ABC):
    """A fitted method; a subclass a method. Small enough that every worker gets it."""

    name: ClassVar[Method]
    #: Whether it is fitted on a sample that sees rare concepts whole, and corrected by passes over all rows.
    corrected: ClassVar[bool] = False

    #: Whether it is fitted on a plain random sample.
    sampled: ClassVar[bool] = False

    takes_part: NDArray[np.bool_]  # (V,) whether a concept has a weight

    @classmethod
    @abstractmethod
    def fit(cls, corpus: Corpus) -> Self:
        """The method's weights for a corpus."""

    @classmethod
    def sample_rows(cls, settings: BalanceSettings) -> int:
        """Images that the plain random sample must have; 0 where none is needed."""
        return settings.max_sample_rows if cls.sampled else 0

    @abstractmethod
    def of_images(self, ids: Ids) -> Floats:
        """(N, K) ids → (N,) weights, all positive."""

    def of_concepts(self) -> Floats:
        """(V,) the weight of an image with this concept alone; NaN for a concept that takes no part."""
        ids = np.arange(len(self.takes_part), dtype=np.int32)[:, None]
        return np.where(self.takes_part, self.of_images(ids), np.nan)

    def place(self, ids: Ids, strata: Ints) -> tuple[Ints, Ints]:
        """(N, K) ids and (N,) strata → (N,) groups, of which each has its own size, and (N,) bins of weight."""
        return strata, bins(self.of_images(ids))

    def bin_values(self) -> Floats:
        """(B,) the weight that each bin stands for."""
        return bin_values()

    @classmethod
    def group_sizes(cls, settings: BalanceSettings) -> tuple[int, ...]:
        """(G,) copies of each group, exactly."""
        return Strata.of(settings).sizes


@dataclass(frozen=True)
class TableWeighting(Weighting):
    """A method that gathers one number a concept, and sums these over the concepts of an image."""

    table: Floats  # (V+1,) what is summed; the last slot is for id -1, which numpy's index -1 finds by itself
    bare: float  # weight of an image without a concept

    def total(self, ids: Ids) -> Floats:
        """(N, K) ids → (N,) sum of the table."""
        summed: Floats = np.einsum("nk->n", self.table[ids])  # two thirds of the time of sum(axis=1)
        return summed
