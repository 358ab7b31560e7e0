"""Annotations of one vocabulary made those of another, by the embeddings that were stored: what both hold is not
searched again.

The concepts found for an image are its nearest of the former vocabulary, in order. Without those that left they are
still its nearest of what remained; the nearest of what came new are searched for, and both are merged. Beyond the last
one that remained nothing is known: a concept that was not stored may come there. An image that is left with fewer than
it is to have is searched for again, among all.

Of concepts that mean nearly the same an image got the nearest, and the others of its group were not stored. So all that
were grouped in the former vocabulary count as new, and are searched for.

Shape legend: N images, V concepts of the former vocabulary, W of this one, A of them new, D width, K stored concepts.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray

from transforms.annotating.concept_vectors import ConceptVectors
from transforms.annotating.indexes.comparing_all import ProductSearch
from transforms.annotating.one_a_meaning import NONE, enough_of_groups, first_of_each
from transforms.annotating.retriever import Retriever
from transforms.annotating.settings import RetrievalSettings
from transforms.datasets import list_matrix

_STORED = ("concept_ids", "spare_concept_ids")
_ROWS_COMPARED = 1 << 14


class ChangedVocabulary:
    """From the concepts ``before`` to those ``now``. A concept is in both where its uid is, with the same vector."""

    def __init__(
        self, before: ConceptVectors, now: ConceptVectors, settings: RetrievalSettings, device: torch.device
    ) -> None:
        self._settings = settings
        self._retriever = Retriever(now, settings, device)
        self._now_by_before = rows_in_both(before, now)  # (V,)
        if before.groups is not None:
            self._now_by_before[np.bincount(before.groups)[before.groups] > 1] = NONE
        self._meanings, self._groups = before.meanings, now.groups
        self._remained = np.zeros(len(now), bool)
        self._remained[self._now_by_before[self._now_by_before != NONE]] = True
        self.added = np.flatnonzero(~self._remained)  # (A,) rows of this vocabulary
        self._search_added = ProductSearch(now.vectors[self.added], device)
        self.searched_again = 0  # images that ran out of concepts

    def with_new_concepts(self, table: pa.Table) -> pa.Table:
        """Those of a shard, with the concepts of this vocabulary."""
        kept = list_matrix(table["embedding"])
        ids = np.hstack([list_matrix(table[name]) for name in _STORED if name in table.column_names])
        for name, column in self._retriever.as_columns(*self._nearest(kept.astype(np.float32), ids)).items():
            place = table.column_names.index(name)
            table = table.set_column(place, table.schema.field(place), pa.chunked_array([column]))
        return table

    def _nearest(
        self, embeddings: NDArray[np.float32], ids: NDArray[np.int32]
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """(N, D) and (N, K) rows of the former vocabulary → (N, K) rows of this one, and scores."""
        known = np.where(ids == NONE, NONE, self._now_by_before[ids])
        candidates = np.hstack([known, self._nearest_added(embeddings)])
        rows, scores = self._retriever.ordered(embeddings, candidates)
        is_whole = (ids != NONE).sum(axis=1) == self._meanings  # the former vocabulary was stored entire
        places = np.arange(rows.shape[1])
        last = np.where((rows != NONE) & self._remained[rows], places, NONE).max(axis=1)  # (N,) that remained
        unknown = (places > last[:, None]) & ~is_whole[:, None]
        rows = np.where(unknown, NONE, rows)
        if self._groups is not None:
            rows, scores = first_of_each(rows, scores, self._groups)
        rows, scores = rows[:, : ids.shape[1]], scores[:, : ids.shape[1]]
        again = np.flatnonzero((rows[:, : self._settings.concepts_per_image] == NONE).any(axis=1))
        if len(again):
            rows[again], scores[again] = self._retriever.nearest(embeddings[again])
            self.searched_again += len(again)
        return rows, scores

    def _nearest_added(self, embeddings: NDArray[np.float32]) -> NDArray[np.int64]:
        """(N, D) → the nearest new concepts of each, as rows of this vocabulary."""
        if not len(self.added):
            return np.empty((len(embeddings), 0), np.int64)
        wanted, groups = self._retriever.candidates, self._groups

        def find(images: NDArray[np.int64], k: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
            scores, found = self._search_added(self._retriever.queries(embeddings[images]), k)
            return found, scores

        if groups is None:
            return np.asarray(self.added[find(np.arange(len(embeddings)), min(len(self.added), wanted))[0]], np.int64)
        return np.asarray(self.added[enough_of_groups(find, len(embeddings), wanted, groups[self.added])], np.int64)


def rows_in_both(before: ConceptVectors, now: ConceptVectors) -> NDArray[np.int64]:
    """(V,) the row that each concept has now; NONE where it is gone, or has another vector."""
    rows_now = {uid: row for row, uid in enumerate(now.uids.tolist())}
    found = np.fromiter((rows_now.get(uid, NONE) for uid in before.uids.tolist()), np.int64, count=len(before))
    if before.vectors.shape[1] != now.vectors.shape[1]:
        return np.full(len(before), NONE)
    for start in range(0, len(found), _ROWS_COMPARED):
        some = slice(start, start + _ROWS_COMPARED)
        same = (before.vectors[some] == now.vectors[found[some]]).all(axis=1)
        found[some] = np.where(same, found[some], NONE)
    is_first = np.zeros(len(found), bool)
    is_first[np.unique(found, return_index=True)[1]] = True  # of two with one uid, as China and china of a word list
    return np.where(is_first, found, NONE)
