"""Rows that no split may part: those that share a picture, or that read nearly the same.

A row belongs to its first picture, a row without any to its question; rows with several pictures, and near texts, join
what would else be several groups.
"""

from __future__ import annotations

import numpy as np
import xxhash
from numpy.typing import NDArray

from transforms.instruct.duplicates.described import Rows
from transforms.keyed import mix64


def group_names(rows: Rows, media: NDArray[np.uint64], lengths: NDArray[np.int64]) -> NDArray[np.uint64]:
    """(N,) the name of each row's group. ``media``: (total,) names of the media of all rows, one behind another."""
    asked = np.where(rows["bare"] > 0, rows["answer"], rows["question"])
    found = mix64(asked, 0, "asked")
    has = lengths > 0
    found[has] = _of_media(media[(np.cumsum(lengths) - lengths)[has]])
    return found


def media_pairs(media: NDArray[np.uint64], lengths: NDArray[np.int64]) -> NDArray[np.uint64]:
    """(E, 2) the names that rows of several media join: each medium's with that of the row's first."""
    row = np.repeat(np.arange(len(lengths)), lengths)
    first = (np.cumsum(lengths) - lengths)[row]
    pairs = np.stack([_of_media(media[first]), _of_media(media)], axis=1)
    return np.unique(pairs[pairs[:, 0] != pairs[:, 1]], axis=0)


def group_bytes(name: int) -> bytes:
    """16 bytes, as facts hold them."""
    return xxhash.xxh3_128_digest(int(name).to_bytes(8, "big"))


def _of_media(media: NDArray[np.uint64]) -> NDArray[np.uint64]:
    return mix64(media, 0, "group")
