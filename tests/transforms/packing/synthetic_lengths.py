"""Lengths and vision patches shaped like the published packer's own record of 5.52 million samples.

The histogram is the one in LLaVA-OneVision-1.5's packing notebook (examples/llava_ov_1_5/sample_packing): how many
samples have 36 to 1,023 tokens, 1,024 to 2,047, and 2,048 or more (about 92,000 of these 4,111 or more, none above
8,187). Within a range lengths are uniform. Patches are ours: a tenth of the samples is text, the others give a
Beta(4, 1.5) share of their tokens to images.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

#: (least, most, samples)
RANGES = ((36, 1023, 4_127_403), (1024, 2047, 1_085_218), (2048, 4110, 216_112), (4111, 8187, 92_000))
_CHUNK = 5_000_000


def synthetic_lengths(samples: int, seed: int = 0) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """(N,) tokens and (N,) patches, four to an image token; made in pieces to spare memory."""
    random = np.random.default_rng(seed)
    tokens, patches = np.empty(samples, np.int32), np.empty(samples, np.int32)
    shares = np.array([count for _, _, count in RANGES], float)
    least, most = (np.array([row[i] for row in RANGES]) for i in (0, 1))
    for start in range(0, samples, _CHUNK):
        part = slice(start, min(start + _CHUNK, samples))
        size = part.stop - part.start
        kind = random.choice(len(RANGES), size, p=shares / shares.sum())
        tokens[part] = random.integers(least[kind], most[kind] + 1)
        image_share = random.beta(4, 1.5, size) * (random.random(size) >= 0.1)
        patches[part] = 4 * (tokens[part] * image_share).astype(np.int32)
    return tokens, patches
