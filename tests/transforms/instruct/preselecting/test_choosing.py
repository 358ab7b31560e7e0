"""What goes on to the models holds whatever the mixture draws of rows that stay as they are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from transforms.datasets import ShardName
from transforms.instruct.mixing import draw
from transforms.instruct.mixing.about import Cell, PartRows
from transforms.instruct.mixing.draw import Windows
from transforms.instruct.mixing.quotas import Quotas, Stratum
from transforms.instruct.mixing.settings import AxisTarget, MixSettings
from transforms.instruct.mixing.tally import strata_of
from transforms.instruct.preselecting.choosing import frozen_targets, settings_ahead, widened, with_targets

NAME = ShardName("s", "a")


@dataclass(frozen=True)
class OnePart:
    """Stands for the reader of a run of one part."""

    part: PartRows
    seed: int = 0

    def read(self, _: ShardName) -> PartRows:
        return self.part


def _part(cells: list[int], amounts: list[int]) -> PartRows:
    count = len(cells)
    named = tuple(Cell(f"c{number}", "en", "s") for number in range(4))
    ids = np.random.default_rng(count).integers(0, 2**63, count).astype(np.uint64)
    no = np.zeros(count, np.bool_)
    keys = pa.array([f"s/a/{at}" for at in range(count)])
    return PartRows(keys, named, np.array(cells, np.int64), np.array(amounts, np.int64), ids, no, no)


def _drawn(part: PartRows, windows: Windows) -> set[int]:
    cuts = draw.collect(NAME, OnePart(part), windows).cuts(windows)  # type: ignore[arg-type]
    copies, _ = draw.copies_of(part, 0, windows, cuts)
    return set(np.flatnonzero(copies).tolist())


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 40)), min_size=1, max_size=300), st.data())
def test_a_larger_draw_holds_the_smaller(rows: list[tuple[int, int]], data: st.DataObject) -> None:
    part = _part([cell for cell, _ in rows], [amount for _, amount in rows])
    strata, which = strata_of(part)
    there: dict[Stratum, int] = {one: int((which == at).sum()) for at, one in enumerate(strata)}
    copies = {one: data.draw(st.integers(0, count)) for one, count in there.items()}
    quotas = Quotas(copies, dict.fromkeys(part.cells, 0.5))
    margin = data.draw(st.floats(1, 3))
    ahead = _drawn(part, widened(quotas, there, margin))
    assert _drawn(part, Windows.of(quotas, there)) <= ahead
    assert len(ahead) == sum(min(there[one], int(np.ceil(count * margin))) for one, count in copies.items())


@given(st.lists(st.integers(1, 10_000), min_size=2, max_size=5), st.floats(1, 5))
def test_shares_of_a_temperature_are_those_of_all_rows(rows: list[int], temperature: float) -> None:
    cells = {Cell(f"c{at}", "en", "s"): (count, count) for at, count in enumerate(rows)}
    settings = MixSettings(category=AxisTarget(temperature=temperature), language=AxisTarget(temperature=2))
    targets = frozen_targets(cells, settings_ahead(settings, is_translated=True))
    powers = np.array(rows) ** (1 / temperature)
    assert list(targets) == ["category"]
    assert np.allclose(list(targets["category"].values()), powers / powers.sum())
    mixed = with_targets(settings, targets)
    assert mixed.category is not None and mixed.category.temperature is None and mixed.language == settings.language
