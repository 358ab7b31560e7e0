"""Concepts in languages that the encoder was not trained for: no image is near to them, and only captions name them.

Their embeddings are zeros, which no index finds before a concept that an image is at all alike to.

Shape legend: V concepts, D embedding width.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray


def silenced(
    blocks: Iterable[NDArray[np.float32]], languages: pa.ChunkedArray, spoken: Sequence[str] | None
) -> Iterator[NDArray[np.float32]]:
    """(…, D) embeddings of V concepts, some at a time, in ``languages``; None: all are ``spoken``."""
    start = 0
    for block in blocks:
        if spoken is not None:
            here = pc.is_in(languages.slice(start, len(block)), value_set=pa.array(spoken, pa.string()))
            block = np.where(here.to_numpy()[:, None], block, np.float32(0))
        start += len(block)
        yield block


def is_silent(vectors: NDArray[np.float32]) -> NDArray[np.bool_]:
    """(V, D) → (V,) those that are zeros."""
    return np.asarray(~vectors.any(axis=1), np.bool_)
