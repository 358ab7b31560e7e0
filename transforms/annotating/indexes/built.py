"""An index built ahead: made of the vectors, measured against exact search, kept with the vocabulary, opened again.

It is measured by images, a keyed sample of those that it will be asked for: they lie elsewhere than concepts do, and an
index that finds the neighbours of a concept may miss those of an image.

Shape legend: S images of the sample, V concepts, D width of the vectors, K concepts an image.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from transforms.annotating.faiss_library import import_faiss
from transforms.annotating.indexes import INDEXES
from transforms.annotating.indexes.approximate import BuiltSearch, build_index
from transforms.annotating.indexes.comparing_all import EXACT
from transforms.annotating.indexes.index import BuiltKind, Recipe, Search
from transforms.annotating.settings import IndexSettings
from transforms.errors import ConfigError, RunFolderError
from transforms.vocabulary_folder import AboutIndex, StoredIndex

faiss = import_faiss()


def build_measured(
    vectors: NDArray[np.float32], images: NDArray[np.float32], k: int, settings: IndexSettings
) -> StoredIndex:
    """Of (V, D) vectors, measured by (S, D) images. Raises ConfigError where it finds too little."""
    kind = INDEXES[settings.kind]
    assert isinstance(kind, BuiltKind)
    recipe = kind.recipe(len(vectors), settings)
    index = build_index(vectors, recipe)
    found = recall(BuiltSearch(index, torch.device("cpu")), vectors, images, k)
    if found < settings.min_recall:
        raise ConfigError(_too_little(found, recipe, settings, k, len(images)))
    about = AboutIndex(settings.kind, recipe.factory, recipe.parameters, found, k, len(images))
    return StoredIndex(memoryview(faiss.serialize_index(index)), about)


def recall(search: Search, vectors: NDArray[np.float32], images: NDArray[np.float32], k: int) -> float:
    """The share of the K nearest by exact search that ``search`` finds among its own K."""
    queries = torch.from_numpy(images)
    _, exact = EXACT.open(vectors, torch.device("cpu"))(queries, k)
    _, found = search(queries, k)
    return float(np.mean([len(np.intersect1d(*rows)) for rows in zip(exact, found, strict=True)]) / k)


def open_built(stored: StoredIndex, vectors: NDArray[np.float32], device: torch.device) -> Search:
    """Raises RunFolderError for an index of other vectors, by their number and width."""
    index = faiss.deserialize_index(np.frombuffer(stored.data, np.uint8))
    if (index.ntotal, index.d) != vectors.shape:
        raise RunFolderError(
            f"vocabulary/index.faiss holds {index.ntotal} vectors of width {index.d}, and the vocabulary has "
            f"{len(vectors)} of width {vectors.shape[1]}: it is of another encoder or vocabulary. Repeat stage "
            "vocabulary in a new output folder."
        )
    return BuiltSearch(index, device)


def _too_little(found: float, recipe: Recipe, settings: IndexSettings, k: int, queries: int) -> str:
    return (
        f"retrieval.index {settings.kind} ({recipe.factory}, {recipe.parameters or 'no parameters'}) finds "
        f"{found:.3f} of the {k} concepts that exact search finds, asked for {queries:,} images; "
        f"index.min_recall is {settings.min_recall}. Let it look further by retrieval.index.parameters (twice the "
        "number there), name another kind, or lower min_recall."
    )
