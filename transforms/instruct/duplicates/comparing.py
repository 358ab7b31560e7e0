"""Pairs of rows compared, part by part: what one says, in numbers, is brought to the part of the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from transforms.instruct.duplicates.agreement import COLUMNS, Compared, similarities
from transforms.instruct.duplicates.components import Joined
from transforms.instruct.duplicates.described import Rows
from transforms.instruct.duplicates.grouping import group_names
from transforms.instruct.duplicates.meetings import (
    Pairs,
    by_part,
    cluster_names,
    fold_lists,
    rows_within,
)

_PIECE = 4096  # pairs brought along together: 1 to 2 KB each


class PartRows(NamedTuple):
    """The rows of a part, with the pictures that are one told as one."""

    rows: Rows
    table: pa.Table  # COLUMNS, media and more
    contents: NDArray[np.uint64]  # (N,) of the media of each, byte for byte
    shown: NDArray[np.uint64]  # (N,) as pictures
    groups: NDArray[np.uint64]  # (N,) by the first picture, or by the question

    @classmethod
    def of(cls, rows: Rows, table: pa.Table, pictures: Joined) -> PartRows:
        media = table["media"].combine_chunks()
        lengths = media.value_lengths().to_numpy(zero_copy_only=False)
        contents = media.flatten().to_numpy()
        named = pictures.of(contents)
        return cls(
            rows, table, fold_lists(contents, lengths), fold_lists(named, lengths), group_names(rows, named, lengths)
        )

    def names(self, at: NDArray[np.int64]) -> NDArray[np.uint64]:
        """(E, 2) the cluster and the group of each row, before near texts join any."""
        return np.stack([cluster_names(self.rows[at], self.shown[at]), self.groups[at]], axis=1)

    def take(self, at: NDArray[np.int64]) -> Compared:
        return Compared(self.rows[at], self.table.select(COLUMNS).take(pa.array(at)).combine_chunks())


class BroughtRows(NamedTuple):
    """Pairs, and what their first rows say, each of U rows once, since a row is in many pairs: ``which``: (E,) of the U
    rows, ``names``: (U, 2) their clusters and groups."""

    pairs: Pairs
    which: NDArray[np.int64]
    said: Compared
    names: NDArray[np.uint64]


def bring_rows(part: PartRows, pairs: Iterable[Pairs]) -> Iterator[tuple[int, BroughtRows]]:
    """Pairs whose first rows lie in a part, by the number of the part of the second ones."""
    for number, members in by_part(np.unique(np.concatenate(list(pairs))), "other"):
        for start in range(0, len(members), _PIECE):
            piece = members[start : start + _PIECE]
            at, which = np.unique(rows_within(piece["one"]), return_inverse=True)
            yield number, BroughtRows(piece, which, part.take(at), part.names(at))


def compare_rows(part: PartRows, brought: Iterable[BroughtRows], min_similarity: float) -> NDArray[np.uint64]:
    """(E, 4): of each pair that agrees the two clusters, then the two groups."""
    found = [np.empty((0, 4), np.uint64)]
    for pairs, which, said, names in brought:
        at = rows_within(pairs["other"])
        same = similarities(said.take(which), part.take(at), min_similarity) > 0
        found.append(np.concatenate([names[which[same]], part.names(at[same])], axis=1)[:, [0, 2, 1, 3]])
    return np.unique(np.concatenate(found), axis=0)
