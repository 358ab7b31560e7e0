"""Pictures that may be one: by how they look, and by what is said of them.

Two hashes that differ in at most d bits agree in one of d + 1 bands (:mod:`transforms.deduplicating.matching`), so
that pictures meet there. A crop looks otherwise by more bits than bands can cover: pictures meet by equal texts too,
and are then compared over a longer distance.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import IntEnum

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from transforms.deduplicating.matching import band_values, split
from transforms.instruct.duplicates.described import Rows
from transforms.instruct.duplicates.settings import DuplicatesSettings
from transforms.keyed import mix64

#: ``location``: number of the part in the high 32 bits, place among all media of its rows in the low 32.
LOOK = np.dtype([("value", "<u8"), ("looks", "<u8"), ("content", "<u8"), ("location", "<u8")])
PICTURE_PAIR = np.dtype(
    [("one", "<u8"), ("other", "<u8"), ("one_content", "<u8"), ("other_content", "<u8"), ("cropped", "u1")]
)
Looks = NDArray[np.void]
PicturePairs = NDArray[np.void]

#: Pictures that one is compared with on pixels, in one meeting: templates of charts look alike by the hundred.
_MOST_CONFIRMED = 8


class LookKind(IntEnum):
    ALIKE = 0
    SAME_TEXTS = 1


LookKey = tuple[int, int]  # kind, partition


def picture_meetings(
    number: int, rows: Rows, media: pa.ChunkedArray, looks: pa.ChunkedArray, settings: DuplicatesSettings
) -> Iterator[tuple[LookKey, Looks]]:
    """The pictures of part ``number`` by where they meet those of other parts."""
    lengths = media.combine_chunks().value_lengths().to_numpy(zero_copy_only=False)
    found = np.empty(int(lengths.sum()), LOOK)
    found["content"] = media.combine_chunks().flatten().to_numpy()
    found["looks"] = looks.combine_chunks().flatten().to_numpy()
    found["location"] = (np.uint64(number) << np.uint64(32)) + np.arange(len(found), dtype=np.uint64)
    row = np.repeat(np.arange(len(rows)), lengths)
    known = found["looks"] != 0
    distinct = np.flatnonzero(known)[np.unique(found["content"][known], return_index=True)[1]]
    for band in range(settings.max_hamming_distance + 1):
        alike = found[distinct]
        values = band_values(alike["looks"], band, settings.max_hamming_distance)
        alike["value"] = mix64(values, band, "looks")
        for part, members in split(alike["value"], alike, settings.partitions):
            yield (int(LookKind.ALIKE), part), members
    if settings.max_cropped_distance:
        alone = known & (lengths[row] == 1)
        single, saying = found[alone], rows[row[alone]]
        single["value"] = np.where(saying["telling"] > 0, saying["answer"], saying["text"])
        for part, members in split(single["value"], single, settings.partitions):
            yield (int(LookKind.SAME_TEXTS), part), members


def picture_candidates(kind: int, parts: Iterable[Looks], settings: DuplicatesSettings) -> PicturePairs:
    """Pairs of other bytes that are near enough in their hashes."""
    looks = np.concatenate([np.empty(0, LOOK), *parts])
    order = np.lexsort((looks["location"], looks["content"], looks["looks"], looks["value"]))
    looks = looks[order]
    begins = np.ones(len(looks), bool)
    for_all = (looks["value"][1:] != looks["value"][:-1]) | (looks["content"][1:] != looks["content"][:-1])
    begins[1:] = for_all | (looks["looks"][1:] != looks["looks"][:-1])
    looks = looks[begins]
    cropped = kind == LookKind.SAME_TEXTS
    most = settings.max_cropped_distance if cropped else settings.max_hamming_distance
    pairs = [_pairs(looks[one], looks[other], cropped) for one, other in _near(looks, most)]
    found = np.concatenate([np.empty(0, PICTURE_PAIR), *pairs])
    return found[np.unique(found[["one", "other"]], return_index=True)[1]]


def _near(looks: Looks, most: int) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Against the k-th that follows in the same meeting, for k = 1, 2, …, until enough were found for each."""
    first = np.arange(len(looks))
    found = np.zeros(len(looks), np.int64)
    for step in range(1, len(looks)):
        first = first[first + step < len(looks)]
        first = first[(looks["value"][first] == looks["value"][first + step]) & (found[first] < _MOST_CONFIRMED)]
        if not len(first):
            return
        near = first[np.bitwise_count(looks["looks"][first] ^ looks["looks"][first + step]) <= most]
        found[near] += 1
        yield near, near + step


def _pairs(one: Looks, other: Looks, cropped: bool) -> PicturePairs:
    pairs = np.empty(len(one), PICTURE_PAIR)
    swap = one["location"] > other["location"]
    for name in ("", "_content"):
        field = name.removeprefix("_") or "location"
        pairs[f"one{name}"] = np.where(swap, other[field], one[field])
        pairs[f"other{name}"] = np.where(swap, one[field], other[field])
    pairs["cropped"] = cropped
    return pairs
