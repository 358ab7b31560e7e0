"""The vectors that images are compared with, as a run's vocabulary gives them, and what each is of.

Shape legend: V concepts, D width of the vectors.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from concept_vocab.concept import normal_form, uid_of
from transforms.annotating.concepts.hubs import corrected
from transforms.run_folder import RunFolder
from transforms.vocabulary_folder import StoredIndex, read_concepts, read_embeddings, read_groups, read_hubs, read_index


@dataclass(frozen=True)
class ConceptVectors:
    """``names``: id, name and lang of the V concepts, by which a later vocabulary finds them; None where none will.
    Corrected for hubs, vectors have one dimension more than embeddings, where those of images have 1. ``groups``: those
    that mean nearly the same have one number, of which an image gets one; None: each means something else."""

    vectors: NDArray[np.float32]  # (V, D)
    names: pa.Table | None = None
    index: StoredIndex | None = None
    groups: NDArray[np.int64] | None = None  # (V,)

    @property
    def meanings(self) -> int:
        """Concepts that an image may get at most."""
        return len(self) if self.groups is None else len(np.unique(self.groups))

    def __len__(self) -> int:
        return len(self.vectors)

    @cached_property
    def uids(self) -> NDArray[np.uint64]:
        """(V,) what names each concept in every vocabulary that holds it."""
        if self.names is None:
            return np.arange(len(self), dtype=np.uint64)
        rows = zip(self.names["lang"].to_pylist(), self.names["name"].to_pylist(), strict=True)
        return np.fromiter((uid_of(lang, normal_form(name)) for lang, name in rows), np.uint64, count=len(self))


def read_concept_vectors(folder: RunFolder) -> ConceptVectors:
    """Raises RunFolderError where the vocabulary's files do not agree."""
    vectors, hubs = read_embeddings(folder), read_hubs(folder)
    if hubs is not None:
        vectors = corrected(vectors, hubs)
    names = read_concepts(folder, ["id", "name", "lang"])
    return ConceptVectors(vectors, names, read_index(folder), read_groups(folder))
