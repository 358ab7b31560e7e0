"""Ratings that weigh: rows that are rated low take part in the draw less often, by a keyed number.

Shape legend: N rows.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pydantic import Field, model_validator

from transforms import keyed
from transforms.configuration import Settings
from transforms.datasets import ShardName, read_table
from transforms.instruct.chain.folder import InstructFolder
from transforms.stages import STANDARDISE

_PURPOSE = "mix weigh"
Floats = NDArray[np.float64]


class Weigh(Settings):
    """From a row's mean score on one axis to the chance that it takes part: a line between two points."""

    never: float = Field(0.0, description="score up to which a row never takes part")
    always: float = Field(1.0, description="score from which on it always does")
    unrated: float = Field(1.0, ge=0, le=1, description="chance of rows without a score on this axis")

    @model_validator(mode="after")
    def _rises(self) -> Weigh:
        if self.never >= self.always:
            raise ValueError("never must be below always")
        return self

    def chances(self, scores: Floats) -> Floats:
        """(N,) scores, NaN of rows without → (N,) chances."""
        line = np.clip((scores - self.never) / (self.always - self.never), 0.0, 1.0)
        return np.where(np.isnan(scores), self.unrated, line)


def taking_part(
    folder: InstructFolder, name: ShardName, before: str, keys: pa.Array, weigh: Mapping[str, Weigh], seed: int
) -> NDArray[np.bool_]:
    """(N,) whether each row of a part does; all where nothing weighs."""
    if not weigh:
        return np.ones(len(keys), np.bool_)
    chances = np.ones(len(keys))
    for axis, scores in _scores(folder, name, before, keys, tuple(weigh)).items():
        chances *= weigh[axis].chances(scores)
    drawn = keyed.uniform(seed, _PURPOSE, keyed.sample_ids(name.source, name.shard, keys.to_pylist()))
    return np.asarray(drawn < chances, np.bool_)


def _scores(
    folder: InstructFolder, name: ShardName, before: str, keys: pa.Array, axes: tuple[str, ...]
) -> dict[str, Floats]:
    """(N,) the mean of each row's scores by axis, of all stages that rated; NaN of rows without."""
    sums, counts = ({axis: np.zeros(len(keys)) for axis in axes} for _ in range(2))
    for stage in folder.before(before):
        if stage == STANDARDISE.name:
            continue
        facts = read_table(folder.facts(stage, *name), folder.fingerprints[stage], ["key", "ratings"])
        facts = facts.filter(pc.is_valid(facts["ratings"]))
        places = pc.index_in(facts["key"].combine_chunks(), value_set=keys).to_pylist()
        for place, ratings in zip(places, facts["ratings"].to_pylist(), strict=True):
            for one in ratings:
                if place is not None and one["axis"] in sums:
                    sums[one["axis"]][place] += one["score"]
                    counts[one["axis"]][place] += 1
    return {axis: np.where(counts[axis] > 0, sums[axis] / np.maximum(counts[axis], 1), np.nan) for axis in axes}
