"""Hubs: concepts that are near to many images, whatever these show; and scores in which they are not.

Of each concept its cosines with a sample of images have a median and a spread, from there to the 90th percentile: both
hardly move with the few images that truly show it. A score is how many spreads it lies above the median of its concept,
brought back to the scale of cosines by what is usual among concepts: (cosine − median) · usual spread / spread + usual
median. That is an inner product with a vector of one dimension more, so that any index can search for it.

On the miniature corpus, whose encoder has no hubs to speak of, it does harm (tests/benchmarks/bench_hubs.py):
R-precision falls from 0.92 to 0.68, and the divergence from the true frequencies grows from 0.01 to 0.33 nats. So it is
off unless asked for.

It knows each concept alone. Corrections that look at all concepts at once, as inverted softmax or Sinkhorn's, give each
its share of the images, and so make up the evenness that is to be measured.

Shape legend: S images of the sample, V concepts, D embedding width.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_HIGH = 0.9  # the percentile that a spread goes to
_LEAST_SPREAD = 0.25  # of the usual one: a concept that all images are equally far from is not made the nearest
_CONCEPTS_AT_ONCE = 1 << 13
_TINY = float(np.finfo(np.float32).tiny)


def measure_hubs(vectors: NDArray[np.float32], images: NDArray[np.float32]) -> NDArray[np.float32]:
    """(V, D) and (S, D) → (V, 2): the median cosine of each concept, and the spread."""
    found = np.empty((len(vectors), 2), np.float32)
    for start in range(0, len(vectors), _CONCEPTS_AT_ONCE):
        some = slice(start, start + _CONCEPTS_AT_ONCE)
        middle, high = np.quantile(vectors[some] @ images.T, (0.5, _HIGH), axis=1)
        found[some] = np.column_stack([middle, high - middle])
    return found


def corrected(vectors: NDArray[np.float32], hubs: NDArray[np.float32]) -> NDArray[np.float32]:
    """(V, D) and (V, 2) → (V, D + 1): the inner product with an image, and 1 behind it, is the corrected score."""
    middle, spread = hubs[:, 0], hubs[:, 1]
    is_searched = vectors.any(axis=1)  # zeros stay zeros: no image is to be near to them
    usual_middle, usual_spread = np.median(hubs[is_searched], axis=0) if is_searched.any() else (0.0, 0.0)
    usual = max(float(usual_spread), _TINY)
    scale = usual / np.maximum(spread, _LEAST_SPREAD * usual)
    shift = np.where(is_searched, float(usual_middle) - middle * scale, 0)
    return np.hstack([vectors * scale[:, None], shift[:, None]]).astype(np.float32)
