"""Whether two rows that met ask and answer the same.

Shape legend: E pairs of rows of the same media.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from transforms.instruct.duplicates.described import MOST_SHINGLES, Rows

COLUMNS = ("question", "answer", "boxes")
_MOST_OFF = 0.02  # of a side, by which two writings of one box differ: thousandths of 448 pixels are rounded to 0.003


class Compared(NamedTuple):
    """Rows, with their columns ``question``, ``answer`` and ``boxes``, one for each of E pairs."""

    rows: Rows
    table: pa.Table

    def take(self, at: NDArray[np.int64]) -> Compared:
        return Compared(self.rows[at], self.table.take(pa.array(at)))

    def hashes(self, column: str) -> Sequence[NDArray[np.uint32]]:
        """(E,) sorted."""
        lists = self.table[column].combine_chunks()
        ends = np.cumsum(lists.value_lengths().to_numpy(zero_copy_only=False))
        return np.split(lists.flatten().to_numpy().astype(np.uint32), ends[:-1]) if len(lists) else []


def similarities(one: Compared, other: Compared, min_similarity: float) -> NDArray[np.float32]:
    """(E,) how similar question and answer are, the lesser of both; 0 for rows that do not agree.

    Two agree where both are as similar as ``min_similarity``, with the same numbers in the same order and their boxes
    in the same places; or where one asks nothing (a caption) and both say the same at length. A short answer has to be
    the same: one word is its only sequence.
    """
    alike_boxes = _near_boxes(one.table["boxes"].to_pylist(), other.table["boxes"].to_pylist())
    same_answer = one.rows["answer"] == other.rows["answer"]
    captions = ((one.rows["bare"] > 0) | (other.rows["bare"] > 0)) & same_answer
    captions &= (one.rows["telling"] > 0) & (other.rows["telling"] > 0)
    possible = (one.rows["numbers"] == other.rows["numbers"]) & (one.rows["han"] == other.rows["han"]) & alike_boxes
    found = np.where(captions & alike_boxes, np.float32(1), np.float32(0))
    looked_at = np.flatnonzero(possible & ~captions)
    one, other = one.take(looked_at), other.take(looked_at)
    questions, answers = (list(zip(one.hashes(name), other.hashes(name), strict=True)) for name in COLUMNS[:2])
    for place, at in enumerate(looked_at.tolist()):
        least = _at_least(*questions[place], min_similarity)
        if least and not same_answer[at]:
            least = min(least, _at_least(*answers[place], min_similarity))
        found[at] = least
    return found


def _at_least(first: NDArray[np.uint32], second: NDArray[np.uint32], wanted: float) -> float:
    """The similarity of two sets, 0 where it is less than ``wanted``: as of sets of too different sizes, which need no
    look."""
    sizes = sorted((len(first), len(second)))
    if 0 < sizes[1] < MOST_SHINGLES and sizes[0] / sizes[1] < wanted:
        return 0.0
    found = jaccard(first, second)
    return found if found >= wanted else 0.0


def jaccard(first: NDArray[np.uint32], second: NDArray[np.uint32]) -> float:
    """Share that two sets of sorted hashes have in common; an estimate where one holds only the least of its own."""
    if max(len(first), len(second)) < MOST_SHINGLES:
        shared = len(np.intersect1d(first, second, assume_unique=True))
        return shared / (len(first) + len(second) - shared) if len(first) or len(second) else 1.0
    union = np.union1d(first, second)[:MOST_SHINGLES]
    both = np.isin(union, first, assume_unique=True) & np.isin(union, second, assume_unique=True)
    return float(both.mean()) if len(union) else 1.0


def _near_boxes(one: list[list[float]], other: list[list[float]]) -> NDArray[np.bool_]:
    """(E,) as many boxes, each at most ``_MOST_OFF`` from the other's."""
    near = np.zeros(len(one), bool)
    for at, (first, second) in enumerate(zip(one, other, strict=True)):
        if len(first) == len(second):
            near[at] = not first or bool(np.abs(np.subtract(first, second)).max() <= _MOST_OFF)
    return near
