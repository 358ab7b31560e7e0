"""Of concepts that mean nearly the same the one that is nearest to an image, so that its concepts are not one thing
several times.

Concepts are grouped in the vocabulary. What an index finds is looked through in its order, and of each group the first
one stays; where too few stay, more are asked for.

Shape legend: N images, V concepts, D embedding width, C candidates an image.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

NONE = -1  # in place of a row
NO_SCORE = np.float32(-1)  # of none: below every cosine that is looked at

Rows = NDArray[np.int64]
Scores = NDArray[np.float32]

#: Of some of the N images, by number, the nearest so many concepts and their scores; an index may find fewer.
Find = Callable[[Rows, int], tuple[Rows, Scores]]

#: So many times what is wanted is asked for at first, then so many times that.
_MORE = 2


def first_of_each(rows: Rows, scores: Scores, groups: Rows) -> tuple[Rows, Scores]:
    """(N, C) rows in an order, none of them behind, and the (V,) group of each concept → the same without those whose
    group was there before."""
    number = np.where(rows == NONE, -1, groups[rows])
    by = np.argsort(number, axis=1, kind="stable")
    ordered = np.take_along_axis(number, by, axis=1)
    is_first = np.ones(rows.shape, bool)
    is_first[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    keeps = np.empty(rows.shape, bool)
    np.put_along_axis(keeps, by, is_first, axis=1)
    keeps &= rows != NONE
    front = np.argsort(~keeps, axis=1, kind="stable")
    rows, scores = np.where(keeps, rows, NONE), np.where(keeps, scores, NO_SCORE)
    return np.take_along_axis(rows, front, axis=1), np.take_along_axis(scores, front, axis=1)


def enough_of_groups(find: Find, images: int, wanted: int, groups: Rows) -> Rows:
    """(N, C) rows as they were found, ``wanted`` groups among them where there are so many."""
    asked = min(_MORE * wanted, len(groups))
    while True:
        found, scores = find(np.arange(images), asked)
        best, _ = first_of_each(found, scores, groups)
        if asked == len(groups) or (best[:, :wanted] != NONE).all():
            return found
        asked = min(_MORE * asked, len(groups))


def nearest_of_groups(find: Find, images: int, wanted: int, groups: Rows) -> tuple[Rows, Scores]:
    """(N, ``wanted``) rows of as many groups, nearest first; none behind, where there are no more."""
    rows = np.full((images, wanted), NONE, np.int64)
    scores = np.full(rows.shape, NO_SCORE)
    left, asked = np.arange(images), min(_MORE * wanted, len(groups))
    while len(left):
        found, near = find(left, asked)
        best, at = first_of_each(found, near, groups)
        width = min(wanted, best.shape[1])
        rows[left, :width], scores[left, :width] = best[:, :width], at[:, :width]
        is_done = (rows[left] != NONE).all(axis=1) | (found == NONE).any(axis=1) | (asked == len(groups))
        left, asked = left[~is_done], min(_MORE * asked, len(groups))
    return rows, scores
