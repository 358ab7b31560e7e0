"""An index built ahead: made of the vectors, measured against exact search, kept with the vocabulary, opened again.

It is measured by images, a keyed sample of those that it will be asked for: they lie elsewhere than concepts do, and an
index that finds the neighbours of a concept may miss those of an image.

Shape legend: S images of the sample, V concepts, D width of the vectors, K concepts an image.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from transforms.annotating.faiss_library import import_faiss
from transforms.annotating.indexes import INDEXES
from transforms.annotating.indexes.approximate import BuiltSearch, build_index, set_parameters
from transforms.annotating.indexes.comparing_all import EXACT
from transforms.annotating.indexes.index import BuiltKind, Recipe, Search
from transforms.annotating.settings import IndexSettings
from transforms.errors import ConfigError, RunFolderError
from transforms.vocabulary_folder import AboutIndex, StoredIndex

faiss = import_faiss()
_CPU = torch.device("cpu")


def build_measured(
    vectors: NDArray[np.float32], images: NDArray[np.float32], k: int, settings: IndexSettings
) -> StoredIndex:
    """Of (V, D) vectors, measured by (S, D) images. Raises ConfigError where it finds too little."""
    kind = INDEXES[settings.kind]
    assert isinstance(kind, BuiltKind)
    recipe = kind.recipe(len(vectors), settings)
    index = build_index(vectors, recipe)
    parameters, found = wide_enough(index, recipe, images, nearest(vectors, images, k), settings.min_recall)
    about = AboutIndex(settings.kind, recipe.factory, parameters, found, k, len(images))
    if found < settings.min_recall:
        raise ConfigError(_too_little(about, settings.min_recall))
    return StoredIndex(memoryview(faiss.serialize_index(index)), about)


def wide_enough(
    index: Any, recipe: Recipe, images: NDArray[np.float32], exact: NDArray[np.int64], least: float
) -> tuple[str, float]:
    """Lets the index look as far as it must to find so much of what is (S, K) nearest, or as far as the recipe goes;
    returns the parameters, and the share that it finds.

    How far is far enough follows the vectors: by the same breadth a graph of ten times as many concepts finds less.
    """
    search = BuiltSearch(index, _CPU)
    found = share_found(search, images, exact)
    parameters = recipe.parameters
    for wider in recipe.wider:
        if found >= least:
            break
        set_parameters(index, parameters := wider)
        found = share_found(search, images, exact)
    return parameters, found


def nearest(vectors: NDArray[np.float32], images: NDArray[np.float32], k: int) -> NDArray[np.int64]:
    """(S, K) by exact search."""
    return EXACT.open(vectors, _CPU)(torch.from_numpy(images), k)[1]


def share_found(search: Search, images: NDArray[np.float32], exact: NDArray[np.int64]) -> float:
    """Of the (S, K) nearest by exact search the share that ``search`` finds among its own K."""
    _, found = search(torch.from_numpy(images), exact.shape[1])
    return float(np.mean([len(np.intersect1d(*rows)) for rows in zip(exact, found, strict=True)]) / exact.shape[1])


def recall(search: Search, vectors: NDArray[np.float32], images: NDArray[np.float32], k: int) -> float:
    """The share of the K nearest by exact search that ``search`` finds among its own K."""
    return share_found(search, images, nearest(vectors, images, k))


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


def _too_little(about: AboutIndex, min_recall: float) -> str:
    return (
        f"retrieval.index {about.kind} ({about.factory}, {about.parameters or 'no parameters'}) finds "
        f"{about.recall:.3f} of the {about.nearest} concepts that exact search finds, asked for {about.queries:,} "
        f"images; index.min_recall is {min_recall}. Let it look further by retrieval.index.parameters (twice the "
        "number there), name another kind, or lower min_recall."
    )
