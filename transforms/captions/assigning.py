"""Concepts of a row of annotations: those retrieved for the image, those that its caption names, or both in one list.

A concept that the caption names scores 1, which no cosine of an image with a text reaches: it is said, not measured, so
it stands first, and counts at any ``balance.min_similarity``. Beside ``concept_scores``, ``concept_cosines`` has what
was retrieved: of a concept that the caption alone names it is -1. Of concepts that the vocabulary groups as of one
meaning a row has one: the first that the caption names, else the nearest; what was retrieved of it says how near.

Shape legend: N rows, K concepts retrieved an image, M kept of a caption, W places of a row, V concepts.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from concept_vocab.matching.matcher import CaptionMatcher
from concept_vocab.matching.metaclip import MetaclipMatcher
from transforms.captions.run_matcher import run_matcher
from transforms.captions.settings import AssignSettings
from transforms.run_folder import RunFolder

#: The score of a concept that the caption names.
NAMED = np.float16(1.0)

#: In place of a concept, and of a score or cosine where there is none.
_NONE, _NO_SCORE = np.int32(-1), np.float16(-1)


class Assigner:
    """What one worker keeps to assign by: the matcher of the run's vocabulary."""

    def __init__(
        self,
        settings: AssignSettings,
        matcher: CaptionMatcher | MetaclipMatcher,
        silent: NDArray[np.bool_] | None = None,
        groups: NDArray[np.int64] | None = None,
    ) -> None:
        """``silent``: (V,) concepts that no image can be alike to, so that they are never retrieved. ``groups``: (V,)
        one number for those that mean nearly the same; None: each means something else."""
        self._settings, self._groups = settings, groups
        self._silent = silent if silent is not None and silent.any() else None
        self._match = matcher.match
        if isinstance(matcher, CaptionMatcher):
            self._match = partial(matcher.match, longest=settings.matching == "longest")

    @classmethod
    def of_run(
        cls,
        folder: RunFolder,
        settings: AssignSettings,
        silent: NDArray[np.bool_],
        groups: NDArray[np.int64] | None,
    ) -> Self:
        return cls(settings, run_matcher(folder, settings.matching), silent, groups)

    def columns(self, source: str, columns: Mapping[str, Any]) -> dict[str, pa.Array]:
        """Of annotations: captions, and concept_ids and concept_scores as they were retrieved → these as they are
        assigned, and concept_cosines."""
        captions = pa.array(columns["caption"], pa.string())
        ids, scores = (matrix_of(columns[name]) for name in ("concept_ids", "concept_scores"))
        return {name: as_lists(one) for name, one in self.assigned(source, captions, ids, scores).items()}

    def assigned(
        self, source: str, captions: pa.StringArray, ids: NDArray[np.int32], scores: NDArray[np.float16]
    ) -> dict[str, NDArray[Any]]:
        """(N, K) ids and scores, -1 for none → concept_ids, concept_scores and concept_cosines, (N, W) each, by falling
        score."""
        by, taken = self._settings.of(source), ids.shape[1] if self._settings.takes_images else 0
        retrieved = np.where(by == "caption", _NONE, ids[:, :taken])
        if self._silent is not None:
            retrieved = np.where(self._silent[retrieved], _NONE, retrieved)
        cosines = np.where(retrieved >= 0, scores[:, :taken], _NO_SCORE)
        named = np.full((len(ids), self._settings.concepts_per_caption), _NONE)
        if by != "image":
            self._name(captions, named)
        is_same = self._meanings(named)[:, :, None] == self._meanings(retrieved)[:, None, :]
        return _joined(named, retrieved, cosines, is_same & (named >= 0)[:, :, None])

    def _name(self, captions: pa.StringArray, named: NDArray[np.int32]) -> None:
        """Fills (N, M) with the first concepts that each caption names."""
        lists = self._match(captions)
        lengths = np.diff(lists.offsets.to_numpy())
        row = np.repeat(np.arange(len(lists)), lengths)
        concept = lists.flatten().to_numpy()
        if self._groups is not None and len(row):
            meaning = row * len(self._groups) + self._groups[concept]
            first = np.sort(np.unique(meaning, return_index=True)[1])
            row, concept = row[first], concept[first]
            lengths = np.bincount(row, minlength=len(lists))
        place = np.arange(len(row)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        kept = place < named.shape[1]
        named[row[kept], place[kept]] = concept[kept]

    def _meanings(self, ids: NDArray[np.int32]) -> NDArray[np.int64]:
        """(N, ·) concepts → the group of each, itself where there are none; -1 of none."""
        return np.where(ids >= 0, ids if self._groups is None else self._groups[ids], -1).astype(np.int64)


def matrix_of(lists: pa.FixedSizeListArray) -> NDArray[Any]:
    """N lists → (N, K)."""
    matrix: NDArray[Any] = lists.flatten().to_numpy().reshape(len(lists), -1)
    return matrix


def as_lists(rows: NDArray[Any]) -> pa.FixedSizeListArray:
    """(N, W) → N lists."""
    return pa.FixedSizeListArray.from_arrays(pa.array(rows.reshape(-1)), rows.shape[1])


def _joined(
    named: NDArray[np.int32], retrieved: NDArray[np.int32], cosines: NDArray[np.float16], is_same: NDArray[np.bool_]
) -> dict[str, NDArray[Any]]:
    """What is named first; of what is also retrieved the cosine goes along, and it stands there no more. ``is_same``:
    (N, M, K)."""
    row, place, of_image = np.nonzero(is_same)
    cosines_of_named = np.full(named.shape, _NO_SCORE)
    cosines_of_named[row, place] = cosines[row, of_image]
    rest, rest_cosines = retrieved.copy(), cosines.copy()
    rest[row, of_image], rest_cosines[row, of_image] = _NONE, _NO_SCORE
    columns = {
        "concept_ids": np.concatenate([named, rest], axis=1),
        "concept_scores": np.concatenate([np.where(named >= 0, NAMED, _NO_SCORE), rest_cosines], axis=1),
        "concept_cosines": np.concatenate([cosines_of_named, rest_cosines], axis=1),
    }
    order = np.argsort(columns["concept_ids"] < 0, axis=1, kind="stable")
    return {name: np.take_along_axis(one, order, axis=1) for name, one in columns.items()}
