"""A sum on its way from worker to worker, compressed: what shards add up to is large, and most of it is zeros.

Four histograms of weights take 8 MB, and the counts of 500,000 concepts 4 MB each; the sum of one bundle of shards goes
to the worker that adds them all together with some hundreds of others, in one group.
"""

from __future__ import annotations

import pickle
import zlib
from typing import Any

_QUICKLY = 1  # zlib's level: most of what can be had is had with the least work


class Packed:
    """``value`` is there to be changed in place; compressed when it is pickled."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __reduce__(self) -> tuple[Any, tuple[bytes]]:
        return _unpacked, (zlib.compress(pickle.dumps(self.value, pickle.HIGHEST_PROTOCOL), _QUICKLY),)


def _unpacked(data: bytes) -> Packed:
    return Packed(pickle.loads(zlib.decompress(data)))
