"""What images were given beside what their captions name: counted shard by shard, told by type, frequency and concept.

A caption names little of what is seen, so of what was retrieved most stands in no caption; but of what a caption names,
the share that was retrieved says how much retrieval finds, and how often both agree beyond chance whether it is right.

An image gets one concept of each group of one meaning, and a caption may name another of the group: each is counted as
the concept that stands for its group, and the others of it nowhere.

Shape legend: N rows, K concepts an image, V concepts, B bins of scores.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from concept_vocab.matching.matcher import CaptionMatcher
from concept_vocab.matching.metaclip import MetaclipMatcher
from transforms.balancing.concept_ids import Ids, concept_hits, drop_below
from transforms.balancing.sampling import Ints
from transforms.captions.assigning import NAMED
from transforms.datasets import list_matrix

#: Bins of the best score of an image, each of a thousandth, from -1 to 1.
BINS = 2001


@dataclass
class Agreement:
    """Of rows with a caption alone; adds up in place, exactly and in any order. ``stands``: which concepts stand for
    their group, all of them where none are grouped; the others count nothing."""

    rows: int  # without a caption too
    captioned: int
    of_image: Ints  # (V,) images that were given the concept by what they show
    of_caption: Ints  # (V,) images whose caption names it
    of_both: Ints  # (V,)
    best: Ints  # (B,) images by their best score; those without any are in none
    unnamed: int  # captions that name no concept
    stands: NDArray[np.bool_]  # (V,)

    @classmethod
    def zero(cls, n_concepts: int, groups: Ints | None = None) -> Self:
        of_image, of_caption, of_both = np.zeros((3, n_concepts), np.int64)
        return cls(0, 0, of_image, of_caption, of_both, np.zeros(BINS, np.int64), 0, _standing(n_concepts, groups))

    @classmethod
    def of(
        cls,
        table: pa.Table,
        matcher: CaptionMatcher | MetaclipMatcher,
        n_concepts: int,
        min_similarity: float,
        groups: Ints | None = None,
    ) -> Self:
        """``table``: caption, concept_ids, concept_scores, and concept_cosines where captions gave concepts too.
        ``groups``: (V,) the concept that stands for each one's group; None: each for itself."""
        captioned = table.filter(pc.is_valid(table["caption"]))
        named = matcher.match(captioned["caption"].combine_chunks())
        row = np.repeat(np.arange(len(named)), pc.list_value_length(named).to_numpy())
        pairs = row, named.flatten().to_numpy().astype(np.int64)
        return cls._of(table.num_rows, captioned, pairs, n_concepts, min_similarity, groups)

    @classmethod
    def of_assigned(cls, table: pa.Table, n_concepts: int, min_similarity: float, groups: Ints | None = None) -> Self:
        """By what annotations that captions gave concepts to say of each: what was retrieved, and what was named."""
        captioned = table.filter(pc.is_valid(table["caption"]))
        ids, scores, cosines = (
            list_matrix(captioned[name]) for name in ("concept_ids", "concept_scores", "concept_cosines")
        )
        row, place = np.nonzero((ids >= 0) & (scores == NAMED) & (cosines < NAMED))
        pairs = row, ids[row, place].astype(np.int64)
        return cls._of(table.num_rows, captioned, pairs, n_concepts, min_similarity, groups)

    @classmethod
    def _of(
        cls,
        rows: int,
        captioned: pa.Table,
        pairs: tuple[Ints, Ints],
        n_concepts: int,
        min_similarity: float,
        groups: Ints | None,
    ) -> Self:
        """``pairs``: the row and the concept of each that a caption names."""
        ids, scores = retrieved(captioned, min_similarity)
        row, place = np.nonzero(ids >= 0)
        concept_hits(ids, n_concepts)  # raises for one beyond the vocabulary
        seen = _meanings(row, ids[row, place].astype(np.int64), n_concepts, groups)
        said = _meanings(*pairs, n_concepts, groups)
        both = np.intersect1d(seen, said, assume_unique=True)
        best = scores.max(axis=1, initial=-np.inf)
        binned = np.rint((np.clip(best[np.isfinite(best)], -1, 1) + 1) * (BINS // 2)).astype(np.int64)
        of_image, of_caption, of_both = (
            np.bincount(one % n_concepts, minlength=n_concepts) for one in (seen, said, both)
        )
        return cls(
            rows,
            captioned.num_rows,
            of_image,
            of_caption,
            of_both,
            np.bincount(binned, minlength=BINS),
            captioned.num_rows - len(np.unique(pairs[0])),
            _standing(n_concepts, groups),
        )

    def __iadd__(self, other: Agreement) -> Self:
        self.rows += other.rows
        self.captioned += other.captioned
        self.of_image += other.of_image
        self.of_caption += other.of_caption
        self.of_both += other.of_both
        self.best += other.best
        self.unnamed += other.unnamed
        return self

    def below(self, threshold: float) -> int:
        """Images whose best concept scores less, or that have none."""
        least = int(np.ceil((threshold + 1) * (BINS // 2) - 1e-9))
        return self.captioned - int(self.best[least:].sum())

    def best_quantile(self, share: float) -> float:
        """The best score below which ``share`` of the images that have any concept lie."""
        reached = np.cumsum(self.best)
        if not reached[-1]:
            return float("nan")
        return float(np.searchsorted(reached, share * reached[-1]) / (BINS // 2) - 1)

    def expected(self) -> NDArray[np.float64]:
        """(V,) images of both, were what is retrieved and what is named independent."""
        of_image, of_caption = self.of_image.astype(np.float64), self.of_caption.astype(np.float64)
        return np.asarray(of_image * of_caption / max(self.captioned, 1))


def _standing(n_concepts: int, groups: Ints | None) -> NDArray[np.bool_]:
    """(V,) whether a concept stands for its group."""
    return np.ones(n_concepts, np.bool_) if groups is None else groups == np.arange(n_concepts)


def _meanings(row: Ints, concepts: Ints, n_concepts: int, groups: Ints | None) -> Ints:
    """Pairs of a row and a concept → each row with each group that it has once, as row · V + the one that stands for
    it."""
    return np.unique(row * n_concepts + (concepts if groups is None else groups[concepts]))


def retrieved(table: pa.Table, min_similarity: float) -> tuple[Ids, NDArray[np.float32]]:
    """(N, K) what images were given by what they show, -1 for none, and its scores before the threshold."""
    told_apart = "concept_cosines" in table.column_names
    ids = list_matrix(table["concept_ids"])
    scores = list_matrix(table["concept_cosines" if told_apart else "concept_scores"])
    is_retrieved = (ids >= 0) & (scores > -1)
    if min_similarity > 0:
        ids = drop_below(ids, scores, min_similarity)
    return np.where(is_retrieved, ids, np.int32(-1)), np.where(is_retrieved, scores, -np.inf).astype(np.float32)
