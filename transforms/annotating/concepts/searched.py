"""What images are to be compared with, made and measured when all concepts are embedded.

Shape legend: S images of the sample, V concepts, D embedding width.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from transforms.annotating.concepts.hubs import corrected, measure_hubs
from transforms.annotating.indexes import INDEXES
from transforms.annotating.indexes.built import build_measured
from transforms.annotating.indexes.index import BuiltKind
from transforms.annotating.settings import IndexSettings, RetrievalSettings
from transforms.vocabulary_folder import Searched


def needs_images(retrieval: RetrievalSettings, index: IndexSettings) -> bool:
    """Whether something is measured by a sample of images."""
    return retrieval.hub_correction or isinstance(INDEXES[index.kind], BuiltKind)


def searched_by(
    embeddings: NDArray[np.float32],
    images: NDArray[np.float32] | None,
    retrieval: RetrievalSettings,
    index: IndexSettings,
) -> Searched:
    """(V, D) and the sample (S, D), where there is one. Raises ConfigError for an index that finds too little."""
    if images is None:
        return Searched()
    hubs = measure_hubs(embeddings, images) if retrieval.hub_correction else None
    if not isinstance(INDEXES[index.kind], BuiltKind):
        return Searched(hubs=hubs)
    vectors, queries = embeddings, images
    if hubs is not None:
        vectors, queries = corrected(embeddings, hubs), np.pad(images, ((0, 0), (0, 1)), constant_values=1)
    return Searched(build_measured(vectors, queries, retrieval.concepts_per_image, index), hubs)
