"""The embeddings of a vocabulary out of those that another run has and those that were made part by part.

Shape legend: V concepts, D embedding width.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from concept_vocab.vocabulary import Vocabulary
from transforms.annotating.concepts.parts import CONCEPTS_A_PART, EmbeddingWork, embedded
from transforms.configuration import fingerprint
from transforms.run_folder import RunFolder
from transforms.vocabulary_folder import read_concepts, read_embeddings, read_prompts

_NONE = -1


@dataclass(frozen=True)
class Carried:
    """Embeddings of another run, and (V,) which of them each concept takes; -1 for one that is to be embedded."""

    embeddings: NDArray[np.float32]
    rows: NDArray[np.int64]

    def missing(self, vocabulary: Vocabulary) -> Vocabulary:
        """The concepts that are to be embedded, in their order."""
        return Vocabulary(vocabulary.table.take(np.flatnonzero(self.rows == _NONE)), vocabulary.prompts)


def prompts_mark(vocabulary: Vocabulary) -> str:
    return fingerprint({language: list(templates) for language, templates in vocabulary.prompts.items()})


def carry(vocabulary: Vocabulary, reused: RunFolder | None) -> Carried:
    """What of ``vocabulary`` another run of the same encoder has embedded, in the same prompts."""
    nothing = Carried(np.empty((0, 0), np.float32), np.full(len(vocabulary), _NONE))
    if reused is None or read_prompts(reused) != prompts_mark(vocabulary):
        return nothing
    there = {concept: row for row, concept in enumerate(_concepts(read_concepts(reused, ["lang", "name"])))}
    rows = [there.get(concept, _NONE) for concept in _concepts(vocabulary.table)]
    return Carried(read_embeddings(reused), np.asarray(rows, np.int64))


def joined(carried: Carried, work: EmbeddingWork) -> tuple[int, Iterator[NDArray[np.float32]]]:
    """The width D, and the V embeddings in their order, some at a time. Raises RunFolderError for a damaged part."""
    parts = list(embedded(work))
    width = parts[0].shape[1] if parts else carried.embeddings.shape[1]
    return width, _blocks(carried, parts, width)


def _blocks(carried: Carried, parts: list[NDArray[np.float32]], width: int) -> Iterator[NDArray[np.float32]]:
    number = np.cumsum(carried.rows == _NONE) - 1  # of each concept, among those that were embedded
    for start in range(0, len(carried.rows), CONCEPTS_A_PART):
        rows = carried.rows[start : start + CONCEPTS_A_PART]
        block = np.empty((len(rows), width), np.float32)
        is_new = rows == _NONE
        if not is_new.all():
            block[~is_new] = carried.embeddings[rows[~is_new]]
        owners, places = np.divmod(number[start : start + CONCEPTS_A_PART][is_new], CONCEPTS_A_PART)
        new = np.empty((len(owners), width), np.float32)
        for owner in np.unique(owners).tolist():
            new[owners == owner] = parts[owner][places[owners == owner]]
        block[is_new] = new
        yield block


def _concepts(table: pa.Table) -> Iterator[tuple[str, str]]:
    return zip(table["lang"].to_pylist(), table["name"].to_pylist(), strict=True)
