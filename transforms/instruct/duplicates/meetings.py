"""Pairs worth a closer look: rows, or pictures, that meet under one number.

Each is compared with those that follow it in its meeting, so many at most that work grows with the number of rows and
not with its square; near ones of a large meeting hang together through those in between.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from transforms.deduplicating.matching import split
from transforms.grouping import equal_rows
from transforms.instruct.duplicates.described import Rows
from transforms.keyed import mix64

#: ``value``: where it meets; ``same``: rows that are alike in it are one already; ``order``: who stands near whom.
MEETING = np.dtype([("value", "<u8"), ("same", "<u8"), ("order", "<u8"), ("location", "<u8")])
PAIR = np.dtype([("one", "<u8"), ("other", "<u8")])  # locations
Meetings = NDArray[np.void]
Pairs = NDArray[np.void]

_MOST_FOLLOWERS = 32


def row_meetings(rows: Rows, bands: pa.ChunkedArray, shown: NDArray[np.uint64], near_text: bool) -> Meetings:
    """Where the rows of a part meet others: by their media and the numbers that are said of them, by bands of their
    texts where they show none, and captions and boxes by what does not depend on how they are written.

    ``shown``: (N,) identity of all media of each.
    """
    same = cluster_names(rows, shown)
    found = []
    pictured = rows["media"] > 0
    needed = rows["numbers"] ^ rows["han"].astype(np.uint64)  # in common, to agree other than as captions
    for wanted, value, purpose in (
        (pictured & (rows["boxed"] > 0), rows["numbers"], "boxes"),
        (pictured & (rows["telling"] > 0), rows["answer"], "captions"),
        (pictured & near_text, needed, "media"),
    ):
        values = mix64(shown ^ mix64(value.astype(np.uint64), 0, purpose), 0, purpose)
        order = mix64(rows["question"], 0, "order")
        found.append(_meetings(values[wanted], same[wanted], order[wanted], rows["location"][wanted]))
    lists = bands.combine_chunks()
    lengths = lists.value_lengths().to_numpy(zero_copy_only=False)
    at = np.repeat(np.arange(len(rows)), lengths)
    found.append(_meetings(lists.flatten().to_numpy(), same[at], rows["tie"][at], rows["location"][at]))
    return np.concatenate(found)


def cluster_names(rows: Rows, shown: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """(N,) what rows have in common that show the same and read the same."""
    return mix64(rows["text"] ^ mix64(shown, 0, "shown"), 0, "cluster")


def shown_by(media: pa.ChunkedArray) -> NDArray[np.uint64]:
    """(N,) lists of identities → (N,) one number for each list, 0 for an empty one."""
    lists = media.combine_chunks()
    lengths = lists.value_lengths().to_numpy(zero_copy_only=False)
    values = lists.flatten().to_numpy().astype(np.uint64)
    return fold_lists(values, lengths)


def fold_lists(values: NDArray[np.uint64], lengths: NDArray[np.int64]) -> NDArray[np.uint64]:
    """(total,) values of N lists one behind another → (N,) one number a list; order counts, and 0 is an empty one."""
    found = np.zeros(len(lengths), np.uint64)
    starts = np.cumsum(lengths) - lengths
    for place in range(int(lengths.max(initial=0))):
        has = np.flatnonzero(lengths > place)
        found[has] = mix64(found[has] ^ mix64(values[starts[has] + place], place, "place"), 0, "media")
    return found


def by_partition(meetings: Meetings, partitions: int) -> Iterator[tuple[int, Meetings]]:
    return split(meetings["value"], meetings, partitions)


def candidates(parts: Iterable[Meetings]) -> Pairs:
    """Pairs that meet and are not one already, each once."""
    meetings = np.concatenate([np.empty(0, MEETING), *parts])
    ordered = meetings[np.lexsort((meetings["location"], meetings["order"], meetings["same"], meetings["value"]))]
    begins = np.ones(len(ordered), bool)  # one stands for all that are the same
    begins[1:] = (ordered["value"][1:] != ordered["value"][:-1]) | (ordered["same"][1:] != ordered["same"][:-1])
    ordered = ordered[begins]
    ordered = ordered[np.lexsort((ordered["location"], ordered["order"], ordered["value"]))]
    first = np.arange(len(ordered))
    found = []
    for step in range(1, _MOST_FOLLOWERS + 1):
        first = first[first + step < len(ordered)]
        first = first[ordered["value"][first] == ordered["value"][first + step]]
        if not len(first):
            break
        found.append(pairs_of(ordered["location"][first], ordered["location"][first + step]))
    return np.unique(np.concatenate([np.empty(0, PAIR), *found]))


def pairs_of(first: NDArray[np.uint64], second: NDArray[np.uint64]) -> Pairs:
    pairs = np.empty(len(first), PAIR)
    pairs["one"], pairs["other"] = np.minimum(first, second), np.maximum(first, second)
    return pairs


def by_part(pairs: Pairs, field: str) -> Iterator[tuple[int, Pairs]]:
    """Pairs by the part that ``field`` lies in."""
    for number, members in equal_rows(pairs[field] >> np.uint64(32)):
        yield number, pairs[members]


def rows_within(locations: NDArray[np.uint64]) -> NDArray[np.int64]:
    """The row, of its part, of each location."""
    return (locations & np.uint64(0xFFFFFFFF)).astype(np.int64)


def _meetings(
    values: NDArray[np.uint64], same: NDArray[np.uint64], order: NDArray[np.uint64], locations: NDArray[np.uint64]
) -> Meetings:
    found = np.empty(len(values), MEETING)
    found["value"], found["same"], found["order"], found["location"] = values, same, order, locations
    return found
