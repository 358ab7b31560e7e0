"""Concepts of images as arrays: which count, and how often each stands.

Shape legend: N rows, K concepts an image, V concepts.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from transforms.balancing.hits import Hits
from transforms.balancing.sampling import Ints
from transforms.errors import RunFolderError

Ids = NDArray[np.int32]
_T = TypeVar("_T", bound=np.generic)


def drop_below(ids: Ids, scores: NDArray[np.float16], min_similarity: float) -> Ids:
    """(N, K) ids with -1 where the score is below ``min_similarity`` (> 0) or not a number.

    Positive float16 order like their bit patterns. As unsigned integers, negative scores and NaN lie above infinity,
    so after subtracting the threshold's bits, one comparison settles it all.
    """
    threshold = np.float16(min_similarity)
    if float(threshold) < min_similarity:
        threshold = np.nextafter(threshold, np.float16(np.inf))
    low = threshold.view(np.uint16)
    high = np.float16(np.inf).view(np.uint16)
    return np.where(scores.view(np.uint16) - low <= high - low, ids, np.int32(-1))


def look_up(values: NDArray[_T], ids: Ids, bare: _T | int | bool) -> NDArray[_T]:
    """(N, K) what (V,) ``values`` hold for (N, K) ids, and ``bare`` for -1. What it takes grows with N alone."""
    found: NDArray[_T] = np.where(ids < 0, np.asarray(bare, values.dtype), values[ids])
    return found


def concept_hits(ids: Ids, n_concepts: int, copies: Ints | None = None) -> Hits:
    """What (N, K) ids add to (V,) rows on which each concept stands; with ``copies``, each row so many times. -1 counts
    nowhere.

    Raises RunFolderError for an id beyond the vocabulary.
    """
    if copies is not None:
        chosen = np.flatnonzero(copies)
        ids, copies = ids[chosen], copies[chosen]
    held = np.flatnonzero(ids.ravel() >= 0)
    places = ids.ravel()[held].astype(np.int64)
    highest, lowest = int(places.max(initial=-1)), int(ids.min(initial=-1))
    if highest >= n_concepts or lowest < -1:
        raise RunFolderError(
            f"annotations hold concept {lowest if lowest < -1 else highest}, but the vocabulary has {n_concepts} "
            "concepts. They were made with another vocabulary: annotate again into a new folder."
        )
    return Hits(places, (n_concepts,), None if copies is None else np.repeat(copies, ids.shape[1])[held])
