"""What mix asks of the rows of one part: which cell each is of, how much it counts, and its keyed number.

Shape legend: N rows, C cells.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from transforms import keyed
from transforms.balancing.concept_ids import Ids
from transforms.datasets import UNDETERMINED, ShardName, read_table
from transforms.errors import RunFolderError
from transforms.instruct.chain.folder import InstructFolder
from transforms.instruct.chain.part_files import remaining
from transforms.instruct.mixing.lengths import read_lengths
from transforms.instruct.mixing.settings import MixSettings
from transforms.instruct.mixing.shown_concepts import ConceptFinder
from transforms.instruct.mixing.weighing import taking_part
from transforms.packing.documents.chat import ChatTokenizer
from transforms.stages import MIX, STANDARDISE

#: What rows without a category are told by.
UNCATEGORISED = "none"
#: The only split that is mixed; a row of no split is of it.
TRAIN = "train"

_FACTS = ("split", "language", "category")


class Cell(NamedTuple):
    """Rows that are alike in all that shares can be asked of; the first fields are the axes.

    Where concepts are to be even, rows are told apart by what theirs weigh too: ``weight`` is the logarithm in steps.
    """

    category: str
    language: str
    source: str
    weight: int = 0


@dataclass(frozen=True)
class PartRows:
    """The rows of one part in their order. Those that are not to be mixed, or too low in weight, have -1 for a
    cell."""

    keys: pa.Array  # (N,)
    cells: tuple[Cell, ...]  # (C,)
    cell: NDArray[np.int64]  # (N,)
    amount: NDArray[np.int64]  # (N,) in the unit of the settings
    sample_ids: NDArray[np.uint64]  # (N,)
    is_apart: NDArray[np.bool_]  # (N,) of another split, which is published whole
    is_refused: NDArray[np.bool_]  # (N,) of a licence that is not allowed
    concepts: Ids | None = None  # (N, K) of the images of each, where they are to be even


class PartReader:
    """Reads parts of one run; each worker loads tokenizer and encoder for itself, when they are first needed."""

    def __init__(self, folder: InstructFolder, settings: MixSettings, seed: int, before: str = MIX.name) -> None:
        self.folder, self.settings, self.seed, self._before = folder, settings, seed, before
        self._chat: ChatTokenizer | None = None
        # which rows show rare concepts is asked of those alone that the mixture is drawn from
        wanted = settings.concepts if before == MIX.name else None
        self._finder = None if wanted is None else ConceptFinder(wanted)

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "_chat": None}

    def read(self, name: ShardName) -> PartRows:
        """Raises RunFolderError where a file is missing, damaged or of other settings."""
        about = read_about(self.folder, name, self._before)
        keys = about["key"].combine_chunks()
        allowed = self.settings.allow_licenses
        licences = about["licence_data"].combine_chunks()
        refused = np.zeros(len(keys), np.bool_)
        if allowed is not None:
            refused = ~_booleans(pc.is_in(licences, value_set=pa.array(allowed, pa.string())))
        apart = ~refused & ~_booleans(pc.equal(pc.fill_null(about["split"], TRAIN), TRAIN))
        names = [
            pc.fill_null(about["category"], UNCATEGORISED).to_pylist(),
            pc.fill_null(about["language"], UNDETERMINED).to_pylist(),
            about["source"].to_pylist(),
        ]
        rows = [Cell(*values) for values in zip(*names, strict=True)]
        cells = tuple(sorted(set(rows)))
        number = {cell: index for index, cell in enumerate(cells)}
        cell = np.fromiter((number[row] for row in rows), np.int64, len(rows))
        kept = taking_part(self.folder, name, self._before, keys, self.settings.weigh, self.seed)
        cell[refused | apart | ~kept] = -1
        ids = keyed.sample_ids(name.source, name.shard, keys.to_pylist())
        return PartRows(keys, cells, cell, self._amounts(name, keys), ids, apart, refused, self._concepts(name, keys))

    def _concepts(self, name: ShardName, keys: pa.Array) -> Ids | None:
        if self._finder is None:
            return None
        told, ids = self._finder.read(self.folder, name)
        if not told.equals(keys):
            raise RunFolderError(f"concepts of {name.source}/{name.shard} are of other rows; remove them and run again")
        return ids

    def _amounts(self, name: ShardName, keys: pa.Array) -> NDArray[np.int64]:
        if self.settings.unit == "samples":
            return np.ones(len(keys), np.int64)
        if self._chat is None and self.settings.counts_tokens:
            self._chat = self.settings.chat()
        table = read_lengths(self.folder, name, self._chat, self._before)
        if not table["key"].combine_chunks().equals(keys):
            raise RunFolderError(f"lengths of {name.source}/{name.shard} are of other rows; remove them and run again")
        return np.asarray(table[self.settings.unit].to_numpy(), np.int64)


def read_about(folder: InstructFolder, name: ShardName, before: str = MIX.name) -> pa.Table:
    """(N,) key, source, licence_data, model_terms, and what the stages before found out of the rows that they let
    through, as they stand before the stage ``before``: split, language and category; no texts are read."""
    table = remaining(folder, name, before, ["key", "source", "licence_data", "model_terms", *_FACTS])
    keys = table["key"].combine_chunks()
    for stage in folder.before(before):
        if stage == STANDARDISE.name:
            continue
        facts = read_table(folder.facts(stage, *name), folder.fingerprints[stage], ["key", *_FACTS])
        places = pc.index_in(keys, value_set=facts["key"].combine_chunks())
        for column in _FACTS:
            told = pc.coalesce(facts[column].combine_chunks().take(places), table[column].combine_chunks())
            table = table.set_column(table.schema.get_field_index(column), column, told)
    return table


def _booleans(values: pa.Array | pa.ChunkedArray) -> NDArray[np.bool_]:
    return np.asarray(values.to_pylist(), bool)
