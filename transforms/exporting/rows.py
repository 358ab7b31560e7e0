"""The selected rows of one input shard: the small columns for the plan, all columns for the shards.

Shape legend: N selected samples of one input shard, M copies of them.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from transforms import datasets
from transforms.captioning.files import CaptionFolder, read_account, written_json
from transforms.datasets import ShardName
from transforms.errors import RunFolderError
from transforms.exporting.blocks import Copies, ExportPlan, place_copies
from transforms.exporting.members import WRITTEN_CAPTIONS, concept_openings
from transforms.remaining import read_remaining
from transforms.run_folder import RunFolder
from transforms.stages import EXPORT
from transforms.vocabulary_folder import read_concepts

_PLACED = ["sample_id", "member_bytes"]
_EXPORTED = [
    "sample_id",
    "key",
    "source",
    "shard",
    "member_offset",
    "member_bytes",
    "format",
    "width",
    "height",
    "caption",
    "lang",
    "content_hash",
    "concept_ids",
    "concept_scores",
    "source_key",
    "source_record",
]


@dataclass(frozen=True)
class CopyPlaces:
    """What the plan needs of the copies of one input shard: 16 bytes each."""

    place: NDArray[np.uint64]  # (M,)
    image_bytes: NDArray[np.int64]  # (M,)


def read_places(folder: RunFolder, source: str, shard: str, seed: int) -> CopyPlaces:
    rows, copies = _selected(folder, source, shard, _PLACED, seed)
    return CopyPlaces(copies.place, rows.column("member_bytes").to_numpy()[copies.row])


def read_rows(
    folder: RunFolder, source: str, shard: str, seed: int, plan: ExportPlan, block: int
) -> Iterator[tuple[int, pa.Table]]:
    """The selected samples of one input shard, a table for each output shard.

    Columns: those of the annotations, ``inclusion_probability``, ``copy`` (from 0) and ``place``; and the captions that
    a model wrote, where it did, as JSON by language.
    """
    rows, copies = _selected(folder, source, shard, _EXPORTED, seed)
    if not len(copies.row):
        return
    numbers = plan.shard_numbers(block, copies.place)
    order = np.argsort(numbers, kind="stable")
    numbers = numbers[order]
    folder_of_captions = CaptionFolder.of(folder)
    if (account := read_account(folder_of_captions)) is not None:
        texts = written_json(folder_of_captions, account, ShardName(source, shard), rows.column("key").to_pylist())
        rows = rows.append_column(WRITTEN_CAPTIONS, texts)
    table = rows.take(pa.array(copies.row[order])).replace_schema_metadata(None)
    table = table.append_column("copy", pa.array(copies.copy[order], pa.int32()))
    table = table.append_column("place", pa.array(copies.place[order]))
    bounds = [0, *(np.flatnonzero(np.diff(numbers)) + 1).tolist(), len(numbers)]
    for begin, end in itertools.pairwise(bounds):
        yield int(numbers[begin]), table.slice(begin, end - begin)


def _selected(folder: RunFolder, source: str, shard: str, columns: Sequence[str], seed: int) -> tuple[pa.Table, Copies]:
    """(N,) rows of the annotations, with their inclusion probability, and their copies."""
    selection = datasets.read_table(folder.selection(source, shard), folder.fingerprint, datasets.SELECTION.names)
    annotations = read_remaining(folder, ShardName(source, shard), EXPORT, sorted({"key", *columns}))
    found = pc.index_in(selection.column("key"), value_set=annotations.column("key").combine_chunks())
    if found.null_count:
        raise RunFolderError(
            f"{folder.selection(source, shard)} names {found.null_count} samples that are not among the "
            f"{annotations.num_rows} rows of this shard that were annotated and not rejected since. Run the job again "
            "into a new folder."
        )
    rows = annotations.take(found.combine_chunks())
    rows = rows.append_column("inclusion_probability", selection.column("inclusion_probability"))
    number_of_copies = selection.column("copies").to_numpy().astype(np.int64)
    return rows, place_copies(rows.column("sample_id").to_numpy(), number_of_copies, seed)


def read_openings(folder: RunFolder) -> pa.LargeStringArray:
    """Every concept as :func:`concept_openings` writes it, by id, which is its row."""
    return concept_openings(read_concepts(folder, ["name"]).column("name").combine_chunks())
