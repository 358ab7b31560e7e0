"""Retrieve: embeddings of images → the concepts nearest to each, by the index that the settings name.

What is stored of an embedding has 16 bits. Where embeddings are kept, they are searched as they are kept, and what is
found is scored one by one and ordered without regard to the index: a later search of the stored ones, for a part of the
concepts, then finds the same.

Shape legend: N images, V concepts, D embedding width, K concepts an image, C candidates an image.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray

from transforms.annotating.concept_vectors import ConceptVectors
from transforms.annotating.faiss_library import import_faiss
from transforms.annotating.indexes import INDEXES, chosen
from transforms.annotating.indexes.built import open_built
from transforms.annotating.indexes.comparing_all import EXACT
from transforms.annotating.indexes.index import ExactKind, Search
from transforms.annotating.one_a_meaning import NO_SCORE, NONE, nearest_of_groups
from transforms.annotating.settings import IndexSettings, RetrievalSettings, require_concepts

faiss = import_faiss()

_MARGIN = 8  # candidates more than are wanted: sums in another order may change places at the end
_ROWS_SCORED = 64  # images at once, each with the vectors of its candidates in 64 bits


class Retriever:
    """Searches the concepts of one vocabulary."""

    def __init__(self, concepts: ConceptVectors, settings: RetrievalSettings, device: torch.device) -> None:
        """Raises ConfigError for a vocabulary of fewer concepts than an image is to get, RunFolderError for an index
        that is not of these vectors."""
        self._concepts, self._settings = concepts, settings
        require_concepts(concepts.meanings, settings.concepts_per_image)
        self._search = _open(concepts, settings.index, device)
        self._stored = settings.concepts_per_image + settings.spare_concepts
        self._device = device

    @property
    def candidates(self) -> int:
        """How many an exact search is asked for, to have all that are stored."""
        return self._stored + _MARGIN

    def columns(self, embeddings: torch.Tensor) -> dict[str, pa.Array]:
        """(N, D) float32 → what annotations say of the concepts of each image, and its embedding where it is kept."""
        if not self._settings.keep_embedding:
            return self.as_columns(*self._as_found(self._as_queries(embeddings)))
        kept = embeddings.cpu().numpy().astype(np.float16)
        return {**self.as_columns(*self.nearest(kept.astype(np.float32))), "embedding": as_lists(kept)}

    def nearest(self, embeddings: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """(N, D) → (N, K) rows and scores, as many as are stored; in the one order that there is."""
        if self._concepts.groups is not None:
            return nearest_of_groups(
                lambda images, k: self._in_order(embeddings[images], k),
                len(embeddings),
                self._stored,
                self._concepts.groups,
            )
        rows, scores = self._in_order(embeddings, self._stored)
        short = ((0, 0), (0, self._stored - rows.shape[1]))
        return np.pad(rows, short, constant_values=NONE), np.pad(scores, short, constant_values=NO_SCORE)

    def _as_found(self, queries: torch.Tensor) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """(N, D) → (N, K) rows and scores, as many as are used, in the order of the index."""

        def find(images: NDArray[np.int64], k: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
            scores, rows = self._search(queries[torch.from_numpy(images).to(queries.device)], k)
            return rows, scores

        wanted, groups = self._settings.concepts_per_image, self._concepts.groups
        if groups is not None:
            return nearest_of_groups(find, len(queries), wanted, groups)
        scores, rows = self._search(queries, wanted)
        return rows, np.where(rows == NONE, NO_SCORE, scores)

    def _in_order(self, embeddings: NDArray[np.float32], k: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """(N, D) → the nearest k rows and their scores, in the one order that there is."""
        _, rows = self._search(self.queries(embeddings), min(k + _MARGIN, len(self._concepts)))
        rows, scores = self.ordered(embeddings, rows)
        return rows[:, :k], scores[:, :k]

    def queries(self, embeddings: NDArray[np.float32]) -> torch.Tensor:
        """(N, D), as an index takes them."""
        return self._as_queries(torch.from_numpy(embeddings).to(self._device))

    def _as_queries(self, embeddings: torch.Tensor) -> torch.Tensor:
        more = self._concepts.vectors.shape[1] - embeddings.shape[1]
        return torch.nn.functional.pad(embeddings, (0, more), value=1.0) if more else embeddings

    def ordered(
        self, embeddings: NDArray[np.float32], candidates: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """(N, C) rows, in any order → the same, and their scores: highest first, of equal ones by uid, none last."""
        scores = np.empty(candidates.shape, np.float32)
        queries = self.queries(embeddings).cpu().numpy().astype(np.float64)
        for start in range(0, len(candidates), _ROWS_SCORED):
            some = slice(start, start + _ROWS_SCORED)
            vectors = self._concepts.vectors[candidates[some]].astype(np.float64)  # (N, C, D)
            scores[some] = np.einsum("nd,ncd->nc", queries[some], vectors)
        is_none = candidates == NONE
        scores[is_none] = NO_SCORE
        by = np.lexsort((candidates, self._concepts.uids[candidates], -scores, is_none), axis=1)
        return np.take_along_axis(candidates, by, axis=1), np.take_along_axis(scores, by, axis=1)

    def as_columns(self, rows: NDArray[np.int64], scores: NDArray[np.float32]) -> dict[str, pa.Array]:
        """(N, K) of what is stored, as annotations have it."""
        used = self._settings.concepts_per_image
        columns = {
            "concept_ids": as_lists(rows[:, :used].astype(np.int32)),
            "concept_scores": as_lists(scores[:, :used].astype(np.float16)),
        }
        if self._settings.spare_concepts:
            columns["spare_concept_ids"] = as_lists(rows[:, used:].astype(np.int32))
        return columns


def _open(concepts: ConceptVectors, settings: IndexSettings, device: torch.device) -> Search:
    """The index that was built with the vocabulary, else the vectors themselves."""
    if concepts.index is not None:
        return open_built(concepts.index, concepts.vectors, device)
    kind = INDEXES[chosen(settings, len(concepts), device.type).kind]
    return (kind if isinstance(kind, ExactKind) else EXACT).open(concepts.vectors, device)


def as_lists(rows: NDArray[np.generic]) -> pa.FixedSizeListArray:
    """(N, K) → N lists."""
    return pa.FixedSizeListArray.from_arrays(pa.array(rows.reshape(-1)), rows.shape[1])


def set_search_threads(threads: int) -> None:
    """FAISS would otherwise take every core in each of the worker processes."""
    faiss.omp_set_num_threads(threads)
