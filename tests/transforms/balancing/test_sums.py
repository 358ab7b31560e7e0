"""How large what shards give is, and what it adds up to: bytes as they go from worker to worker, over many shards."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pytest

from tests.transforms.synthetic_annotations import concept_ids, list_column, meaningless_names
from transforms import keyed
from transforms.balancing import passes
from transforms.balancing.baselines import Baselines
from transforms.balancing.even.sample import PrioritySample
from transforms.balancing.in_turn import add_up
from transforms.balancing.methods import METHODS
from transforms.balancing.methods.weighting import Corpus
from transforms.balancing.packed import Packed
from transforms.balancing.passes import RowReader
from transforms.balancing.settings import BalanceSettings
from transforms.balancing.tally import CorpusTally
from transforms.datasets import ShardName

CONCEPTS, ROWS, LIMIT = 2_000, 1_000, 3_000
ROW_BYTES = 8 + 8 + 8 + 4 * 8  # of a sample: priority, id, cell, eight concepts


@dataclass(frozen=True)
class Synthetic(RowReader):
    """Shards that nobody wrote."""

    settings: BalanceSettings
    drawn: dict[ShardName, pa.Table] = field(default_factory=dict)

    def read_columns(self, name: ShardName, columns: Sequence[str]) -> pa.Table:
        if name not in self.drawn:
            number = int(name.shard)
            ids = concept_ids(ROWS, CONCEPTS, seed=number)
            samples = keyed.mix64(np.arange(ROWS, dtype=np.uint64) + np.uint64(number * ROWS), 0, "rows")
            self.drawn[name] = pa.table({"concept_ids": list_column(ids), "sample_id": samples})
        return self.drawn[name].select(list(columns))

    def concepts_told(self, n_concepts: int) -> tuple[Sequence[str], Sequence[str | None]]:
        return meaningless_names(n_concepts), [None] * n_concepts


def sent_bytes(parts: list[object]) -> list[int]:
    return [len(pickle.dumps(Packed(part))) for part in parts]


def tallied(reader: Synthetic, names: list[ShardName]) -> tuple[CorpusTally, list[CorpusTally]]:
    parts = [passes.count(name, reader, CONCEPTS, len(names) * ROWS) for name in names]
    zero = CorpusTally.zero(CONCEPTS, METHODS["even"].plain_rows(reader.settings))
    return add_up(zero, parts), parts


@pytest.mark.parametrize("shards", [40, 160])
def test_samples_do_not_grow_with_the_corpus(shards: int) -> None:
    reader = Synthetic(BalanceSettings(size=1000, max_sample_rows=LIMIT))
    names = [ShardName("a", str(number)) for number in range(shards)]
    tally, counted = tallied(reader, names)
    assert sum(part.sample.size for part in counted) < 1.5 * LIMIT
    unknown = add_up(CorpusTally.zero(CONCEPTS, LIMIT), [passes.count(name, reader, CONCEPTS) for name in names])
    np.testing.assert_array_equal(tally.sample.images(), unknown.sample.images())

    bound = passes.sample_bound(tally, reader.settings)
    parts = [passes.sample_rare(name, reader, tally, bound) for name in names]
    assert sum(sent_bytes([part.parts for part in parts])) < 2.5 * LIMIT * ROW_BYTES
    zero = PrioritySample.zero(LIMIT, 1)
    total = add_up(zero, parts)
    assert total.is_enough and passes.sample_missed(names[0], reader, tally, total.is_enough).size == 0
    whole = add_up(PrioritySample.zero(LIMIT, 1), [passes.sample_rare(name, reader, tally) for name in names])
    for one, other in zip(total.sample(tally.count_inside), whole.sample(tally.count_inside), strict=True):
        np.testing.assert_array_equal(one, other)


def test_histograms_are_small_on_their_way() -> None:
    reader = Synthetic(BalanceSettings(method="inverse_frequency", size=1000, max_sample_rows=LIMIT))
    names = [ShardName("a", str(number)) for number in range(20)]
    tally, _ = tallied(reader, names)
    weights = (
        METHODS["inverse_frequency"]
        .fit(Corpus(reader.settings, tally.count_before, tally.count_inside, tally.rows, tally.sample.images()))
        .weights()
    )
    baselines = Baselines.fit(tally, reader.settings)
    parts = [passes.weigh(name, reader, weights, baselines) for name in names]
    together = add_up(np.zeros(parts[0].shape, np.int64), parts)
    assert together.nbytes == 4 * 2 << 20
    [sent] = sent_bytes([together])
    assert sent < together.nbytes / 20
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(Packed(together))).value, together)
