"""Example pictures of concepts: found among the selected images, or in the whole corpus where none was selected.

Shape legend: N rows of a shard, K concepts an image.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from transforms.balancing.concept_ids import drop_below
from transforms.datasets import ShardName, list_matrix, read_table
from transforms.errors import InputError
from transforms.remaining import read_remaining
from transforms.reporting.summary import ExampleImage
from transforms.reporting.thumbnails import thumbnail
from transforms.run_folder import RunFolder
from transforms.stages import FIRST_AFTER_ANNOTATE

#: (source, shard, member_offset, member_bytes) → the original bytes; raises InputError or OSError where it cannot.
Fetch = Callable[[str, str, int, int], bytes]

_COLUMNS = ["key", "source", "shard", "member_offset", "member_bytes", "caption"]


@dataclass(frozen=True)
class ExamplePlace:
    """Where an example lies."""

    row: dict[str, Any]
    selected: bool


def find_examples(
    folder: RunFolder, shards: Iterable[ShardName], wanted: Sequence[int], per_concept: int, min_similarity: float
) -> dict[int, list[ExamplePlace]]:
    """Up to ``per_concept`` images of each wanted concept, from the first shards that have them.

    Concepts below ``min_similarity`` (0: none) do not count, as in balancing. Shards are read until every concept has
    its selected images, or to the end of ``shards``.
    """
    selected: dict[int, list[ExamplePlace]] = defaultdict(list)
    dropped: dict[int, list[ExamplePlace]] = defaultdict(list)
    for name in shards:
        unfilled = [concept for concept in wanted if len(selected[concept]) < per_concept]
        if not unfilled:
            break
        table = read_remaining(folder, name, FIRST_AFTER_ANNOTATE, [*_COLUMNS, "concept_ids", "concept_scores"])
        keys = _selected_keys(folder, name)
        is_selected = pc.is_in(table["key"], value_set=keys).to_numpy(zero_copy_only=False)
        concept_ids = list_matrix(table["concept_ids"])
        if min_similarity > 0:
            concept_ids = drop_below(concept_ids, list_matrix(table["concept_scores"]), min_similarity)
        for found, mask in ((selected, is_selected), (dropped, ~is_selected)):
            for concept, row in _first_rows(concept_ids, mask, unfilled, per_concept):
                if len(found[concept]) < per_concept:
                    values = table.select(_COLUMNS).slice(row, 1).to_pylist()[0]
                    found[concept].append(ExamplePlace(values, found is selected))
    return {concept: selected[concept] or dropped[concept] for concept in wanted}


def load_examples(found: dict[int, list[ExamplePlace]], fetch: Fetch | None) -> dict[int, tuple[ExampleImage, ...]]:
    """Read and shrink the pictures, in the order they lie in their shards; None for a picture that cannot be read."""
    places = {_place(example): example for examples in found.values() for example in examples}
    thumbnails = {place: _load(place, fetch) for place in sorted(places)}
    return {
        concept: tuple(_to_image(example, thumbnails[_place(example)]) for example in examples)
        for concept, examples in found.items()
    }


def _place(example: ExamplePlace) -> tuple[str, str, int, int]:
    row = example.row
    return row["source"], row["shard"], row["member_offset"], row["member_bytes"]


def _load(place: tuple[str, str, int, int], fetch: Fetch | None) -> str | None:
    if fetch is None:
        return None
    try:
        return thumbnail(fetch(*place))
    except (InputError, OSError):  # the corpus was moved since, or is out of reach: the report does without
        return None


def _to_image(example: ExamplePlace, picture: str | None) -> ExampleImage:
    row = example.row
    return ExampleImage(row["source"], row["shard"], row["key"], row["caption"] or "", example.selected, picture)


def _selected_keys(folder: RunFolder, name: ShardName) -> pa.Array:
    path = folder.selection(*name)
    if not path.exists():  # nothing of this shard was chosen
        return pa.array([], pa.string())
    return read_table(path, folder.fingerprint, ["key"])["key"].combine_chunks()


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
