"""The rows of one part that were drawn: their copies and places for the plan, then the rows themselves.

Shape legend: N rows drawn of one part, M copies of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from transforms import keyed
from transforms.datasets import SELECTION, ShardName, read_table
from transforms.errors import RunFolderError
from transforms.exporting.blocks import place_copies
from transforms.exporting.members import member_names
from transforms.instruct.chain.folder import InstructFolder
from transforms.instruct.chain.part_files import read_rows, remaining
from transforms.instruct.mixing.about import TRAIN, UNCATEGORISED, read_about
from transforms.instruct.publishing.rendering import render
from transforms.instruct.publishing.sample import Sample
from transforms.instruct.publishing.settings import PublishSettings
from transforms.stages import MIX
from transforms.tar.columns import TEXT


@dataclass(frozen=True)
class DrawnCopies:
    """Every copy of the rows drawn of one part, in no order that matters."""

    keys: pa.Array  # (N,)
    splits: NDArray[np.object_]  # (N,)
    probabilities: NDArray[np.float64]  # (N,)
    row: NDArray[np.int64]  # (M,) among N
    copy: NDArray[np.int64]  # (M,) from 0
    place: NDArray[np.uint64]  # (M,) keyed: its place in the block
    media_bytes: NDArray[np.int64]  # (M,)
    about: pa.Table  # (N,)

    def of_split(self, split: str) -> NDArray[np.bool_]:
        """(M,) bool."""
        return np.asarray(self.splits[self.row] == split, bool)


class Ledger(Counter[tuple[str, str, str, str, tuple[str, ...], str]]):
    """Copies by split, source, licence, category, model terms and language."""


def read_drawn(folder: InstructFolder, name: ShardName, seed: int) -> DrawnCopies:
    """Small columns of the rows that were drawn; raises RunFolderError for a selection of rows that are not there."""
    selection = read_table(folder.selection(*name), folder.fingerprints[MIX.name], SELECTION.names)
    about = read_about(folder, name)
    keys = selection["key"].combine_chunks()
    places = pc.index_in(keys, value_set=about["key"].combine_chunks())
    if places.null_count:
        raise RunFolderError(
            f"{folder.selection(*name)} names {places.null_count} rows that are not there any more. Run the job again "
            "into a new folder."
        )
    about = about.take(places)
    copies = place_copies(
        keyed.sample_ids(name.source, name.shard, keys.to_pylist()),
        selection["copies"].to_numpy().astype(np.int64),
        seed,
    )
    return DrawnCopies(
        keys,
        np.array(pc.fill_null(about["split"], TRAIN).to_pylist(), object),
        selection["inclusion_probability"].to_numpy(),
        copies.row,
        copies.copy,
        copies.place,
        _media_bytes(remaining(folder, name, MIX.name, ["media"]).take(places))[copies.row],
        about,
    )


def _media_bytes(table: pa.Table) -> NDArray[np.int64]:
    """(N,) bytes of the media of each row."""
    media = table["media"].combine_chunks()
    sizes = pc.fill_null(media.flatten().field("size_bytes"), 0).to_numpy(zero_copy_only=False)
    parents = pc.list_parent_indices(media).to_numpy()
    return np.bincount(parents, sizes, minlength=table.num_rows).astype(np.int64)


def ledger_of(drawn: DrawnCopies) -> Ledger:
    number = np.bincount(drawn.row, minlength=len(drawn.keys)).tolist()
    columns = (
        drawn.splits.tolist(),
        drawn.about["source"].to_pylist(),
        pc.fill_null(drawn.about["licence_data"], "unknown").to_pylist(),
        pc.fill_null(drawn.about["category"], UNCATEGORISED).to_pylist(),
        [tuple(sorted(terms or ())) for terms in drawn.about["model_terms"].to_pylist()],
        pc.fill_null(drawn.about["language"], "und").to_pylist(),
    )
    ledger = Ledger()
    for *told, copies in zip(*columns, number, strict=True):
        ledger[tuple(told)] += copies
    return ledger


def names_of(name: ShardName, keys: pa.Array, copy: NDArray[np.int64]) -> list[str]:
    """(M,) names of samples, safe in tars: a key says source and part again, which stand in the name anyway."""
    prefix = f"{name.source}/{name.shard}/"
    own = [key.removeprefix(prefix) for key in keys.to_pylist()]
    source, shard = (pa.array([value] * len(own), TEXT) for value in name)
    names: list[str] = member_names(source, shard, pa.array(own, TEXT), pa.array(copy, pa.int32())).to_pylist()
    return names


def read_samples(
    folder: InstructFolder, name: ShardName, drawn: DrawnCopies, chosen: NDArray[np.int64], settings: PublishSettings
) -> Mapping[int, Sample]:
    """The samples of the copies ``chosen`` among M, rendered, by these numbers. Copies share their row."""
    if not len(chosen):
        return {}
    wanted = drawn.keys.take(pa.array(np.unique(drawn.row[chosen])))
    rows = {row.key: row for row in read_rows(folder, name, MIX.name, only=wanted)}
    keys = drawn.keys.to_pylist()
    names = names_of(name, drawn.keys.take(pa.array(drawn.row[chosen])), drawn.copy[chosen])
    rendered = {row: render(rows[keys[row]], settings) for row in np.unique(drawn.row[chosen]).tolist()}
    found = {}
    for index, member in zip(chosen.tolist(), names, strict=True):
        row = int(drawn.row[index])
        with_boxes, numbers = rendered[row]
        split = str(drawn.splits[row])
        found[index] = Sample(member, replace(with_boxes, split=split), numbers, float(drawn.probabilities[row]))
    return found
