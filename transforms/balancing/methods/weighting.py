"""What a balancing method is: it is fitted, and then gives each image its weight from its concepts.

A method that is fitted on a sample may be corrected by passes over all rows: ``fit`` gives what is fitted, from which
the weights follow, and which what such a pass finds makes better. For a formula both are the weights themselves.

An image with no concept gets the least weight that an image with one concept can have, that of the commonest concept:
it can be chosen, and is never preferred. (``even`` makes a group of their own of such images.)

Shape legend: N rows, K concepts an image, V concepts, R images of the sample, C cells, G groups, B bins, J caps.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import ClassVar, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from transforms.balancing.cells import Cells
from transforms.balancing.concept_ids import Ids
from transforms.balancing.even.response import ResponseTally
from transforms.balancing.even.sample import WeighedSample
from transforms.balancing.sampling import Floats, Ints, bin_values, bins
from transforms.balancing.settings import BalanceSettings, Method
from transforms.balancing.strata import Strata
from transforms.balancing.target import NO_TARGET, Target

#: What a method is fitted on: counts alone, a plain random sample too, or one that sees rare concepts whole.
Sampling = Literal["none", "plain", "rare"]


#: Images that metaclip's t is fitted on where it is a baseline only: t is one number.
_BASELINE_ROWS = 100_000


class Corpus(NamedTuple):
    """What a method is fitted to."""

    settings: BalanceSettings
    counts: Ints  # (V,) images of each concept
    inside: Ints  # (V,) those of them in strata that give any
    rows: int
    sample: Ids | WeighedSample  # (R, K) where it is plain
    target: Target = NO_TARGET

    def plain_ids(self) -> Ids:
        """(R, K) concepts of a plain sample."""
        if isinstance(self.sample, WeighedSample):
            raise TypeError("this sample sees rare concepts whole, and a plain one is asked for")
        return self.sample

    def weighed(self) -> WeighedSample:
        """The sample with weights; a plain one is of one stratum."""
        plain = self.sample
        return plain if isinstance(plain, WeighedSample) else WeighedSample.plain(plain, self.rows)


class Fitted(ABC):
    """What a method was fitted to; stays with the driver."""

    @abstractmethod
    def weights(self) -> Weighting:
        """What every worker gets."""

    @abstractmethod
    def corrected(self, found: ResponseTally) -> Fitted:
        """With what a pass over all rows found at these weights."""


@dataclass(frozen=True)
class Guarantee:
    """What a fit promises, and how it came to be."""

    floor: int  # images that each concept keeps, or all it has
    prices: Floats  # (V,) μ: what the floor of each costs, in nats an image
    is_whole: bool  # fitted on all rows
    sample_rows: int
    settled: bool
    caps: tuple[float, ...] = ()  # (J,) what each cap costs, in nats a copy
    target: Target = NO_TARGET  # what was asked of single concepts and of types
    tilt: Floats = field(default_factory=lambda: np.zeros(0))  # what each of its caps on a type costs, in nats a copy
    passes: tuple[float, ...] = ()  # evenness that each correcting pass found, at the weights of the fit before it


@dataclass(frozen=True)
class Weighting(Fitted):
    """A fitted method; a subclass a method. Small enough that every worker gets it."""

    name: ClassVar[Method]
    sampling: ClassVar[Sampling] = "none"

    takes_part: NDArray[np.bool_]  # (V,) whether a concept has a weight

    @classmethod
    @abstractmethod
    def fit(cls, corpus: Corpus) -> Fitted:
        """The method, fitted to a corpus."""

    @classmethod
    def sample_rows(cls, settings: BalanceSettings) -> int:
        """Images that the sample must have at most; 0 where none is needed."""
        return settings.max_sample_rows if cls.sampling != "none" else 0

    @classmethod
    def plain_rows(cls, settings: BalanceSettings) -> int:
        """Images that the pass that counts collects as a plain random sample: for the method, or for metaclip as a
        baseline."""
        return cls.sample_rows(settings) if cls.sampling == "plain" else min(_BASELINE_ROWS, settings.max_sample_rows)

    @classmethod
    def corrections(cls, settings: BalanceSettings) -> int:  # noqa: ARG003
        """Passes over all rows that correct the fit."""
        return 0

    def weights(self) -> Weighting:
        return self

    def corrected(self, found: ResponseTally) -> Fitted:
        raise NotImplementedError(f"{self.name} is not corrected")

    @property
    def promise(self) -> Guarantee | None:
        """None: nothing is promised."""
        return None

    @property
    def is_final(self) -> bool:
        """Whether no pass over all rows can make it better."""
        return True

    def log_odds(self, ids: Ids, cells: Ints) -> Floats:
        """(N,) logarithms of the copies that rows may expect, before they are cut off; asked only where ``is_final``
        is false."""
        raise NotImplementedError(f"{self.name} is not corrected")

    @abstractmethod
    def of_images(self, ids: Ids) -> Floats:
        """(N, K) ids → (N,) weights, all positive."""

    def of_concepts(self) -> Floats:
        """(V,) the weight of an image with this concept alone; NaN for a concept that takes no part."""
        ids = np.arange(len(self.takes_part), dtype=np.int32)[:, None]
        return np.where(self.takes_part, self.of_images(ids), np.nan)

    def place(self, ids: Ids, cells: Ints) -> tuple[Ints, Ints]:
        """(N, K) ids and (N,) cells → (N,) groups, of which each has its own size, and (N,) bins of weight."""
        return cells, bins(self.of_images(ids))

    def bin_values(self) -> Floats:
        """(B,) the weight that each bin stands for."""
        return bin_values()

    @classmethod
    def n_groups(cls, settings: BalanceSettings) -> int:
        """G: what is known of groups before anything is fitted."""
        return len(Cells.of(settings))

    def group_sizes(self, settings: BalanceSettings) -> tuple[int, ...]:
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
