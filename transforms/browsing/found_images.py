"""Images of a run by what they hold or why they were left out, and small pictures of them.

Shape legend: N rows of a shard, K concepts an image.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from transforms.balancing.concept_ids import drop_below
from transforms.browsing.rows import selected_keys
from transforms.browsing.thumbnails import thumbnail
from transforms.datasets import ShardName, list_matrix
from transforms.errors import InputError
from transforms.remaining import read_remaining
from transforms.run_folder import RunFolder
from transforms.stages import FIRST_AFTER_ANNOTATE

#: (source, shard, member_offset, member_bytes) → the original bytes; raises InputError or OSError where it cannot.
Fetch = Callable[[str, str, int, int], bytes]

#: Of the annotations, what an image is found and shown by.
COLUMNS = ["key", "source", "shard", "member_offset", "member_bytes", "caption"]


class Place(NamedTuple):
    """Where the bytes of an image lie, for :data:`Fetch`."""

    source: str
    shard: str
    member_offset: int
    member_bytes: int


@dataclass(frozen=True)
class FoundImage:
    """One image. ``thumbnail`` is a data URI, or None where the picture was not read or cannot be."""

    source: str
    shard: str
    key: str
    caption: str
    selected: bool
    place: Place | None  # None: the run does not know, as annotate dropped the image
    reason: str = ""  # why it is not selected, where that was asked for
    detail: str = ""
    thumbnail: str | None = None


@dataclass(frozen=True)
class ConceptImages:
    """Images that hold one concept: of those that were selected, and of the others."""

    selected: list[FoundImage] = field(default_factory=list)
    dropped: list[FoundImage] = field(default_factory=list)


def find_of_concepts(
    folder: RunFolder,
    shards: Iterable[ShardName],
    wanted: Sequence[int],
    per_concept: int,
    min_similarity: float,
    dropped_too: bool = False,
) -> dict[int, ConceptImages]:
    """Up to ``per_concept`` selected images of each wanted concept and as many others, from the first shards that have
    them.

    Concepts below ``min_similarity`` (0: none) do not count, as in balancing. Shards are read until every concept has
    its selected images, and where asked for its others; or to the end of ``shards``.
    """
    found: dict[int, ConceptImages] = defaultdict(ConceptImages)
    for name in shards:
        unfilled = [concept for concept in wanted if _lacks(found[concept], per_concept, dropped_too)]
        if not unfilled:
            break
        table = read_remaining(folder, name, FIRST_AFTER_ANNOTATE, [*COLUMNS, "concept_ids", "concept_scores"])
        is_selected = pc.is_in(table["key"], value_set=selected_keys(folder, name)).to_numpy(zero_copy_only=False)
        concept_ids = list_matrix(table["concept_ids"])
        if min_similarity > 0:
            concept_ids = drop_below(concept_ids, list_matrix(table["concept_scores"]), min_similarity)
        for selected, mask in ((True, is_selected), (False, ~is_selected)):
            for concept, row in _first_rows(concept_ids, mask, unfilled, per_concept):
                images = found[concept].selected if selected else found[concept].dropped
                if len(images) < per_concept:
                    images.extend(images_of(table.slice(row, 1), selected))
    return {concept: found[concept] for concept in wanted}


def images_of(rows: pa.Table, selected: bool) -> list[FoundImage]:
    """Those of some rows of annotations."""
    return [
        FoundImage(
            row["source"],
            row["shard"],
            row["key"],
            row["caption"] or "",
            selected,
            Place(row["source"], row["shard"], row["member_offset"], row["member_bytes"]),
        )
        for row in rows.select(COLUMNS).to_pylist()
    ]


def read_thumbnails(images: Sequence[FoundImage], fetch: Fetch | None) -> list[FoundImage]:
    """The images with their thumbnails, read in the order that they lie in their shards; None where one cannot be."""
    thumbnails = {place: _read(place, fetch) for place in sorted({image.place for image in images if image.place})}
    return [dataclasses.replace(image, thumbnail=thumbnails[image.place]) if image.place else image for image in images]


def _read(place: Place, fetch: Fetch | None) -> str | None:
    if fetch is None:
        return None
    try:
        return thumbnail(fetch(*place))
    except (InputError, OSError):  # the corpus was moved since, or is out of reach: whoever shows it does without
        return None


def _lacks(found: ConceptImages, per_concept: int, dropped_too: bool) -> bool:
    return len(found.selected) < per_concept or (dropped_too and len(found.dropped) < per_concept)


def _first_rows(
    concept_ids: NDArray[np.int32], mask: NDArray[np.bool_], wanted: Sequence[int], per_concept: int
) -> list[tuple[int, int]]:
    """(concept, row) pairs, at most ``per_concept`` of each; first the rows where the concept scores highest."""
    rows, ranks = np.nonzero(np.isin(concept_ids, np.asarray(wanted, np.int32)) & mask[:, None])
    concepts = concept_ids[rows, ranks]
    order = np.lexsort((rows, ranks, concepts))
    concepts, rows = concepts[order], rows[order]
    starts = np.searchsorted(concepts, concepts, side="left")
    keep = np.arange(len(concepts)) - starts < per_concept
    return [(int(concept), int(row)) for concept, row in zip(concepts[keep], rows[keep], strict=True)]
