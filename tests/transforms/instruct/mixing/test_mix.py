"""The passes over small parts: exactly N, in the shares asked for, whatever the workers."""

from __future__ import annotations

import json
import pathlib
import shutil
from collections import Counter
from dataclasses import replace

import numpy as np
import pyarrow.compute as pc
import pytest

from tests.transforms.instruct.mixing.small_mix import SmallMix, skewed_rows, small_mix, text_row, with_split
from transforms.datasets import ShardName, read_counts
from transforms.errors import EvenweaveError
from transforms.instruct.mixing.about import Cell, PartReader
from transforms.instruct.mixing.draw import Candidates, Windows, collect, copies_of
from transforms.instruct.mixing.outcome import shares_path
from transforms.instruct.mixing.quotas import Quotas
from transforms.instruct.mixing.settings import AxisTarget, MixSettings
from transforms.instruct.mixing.tally import amount_bins, count_part

SIZE = 700
TARGETS = {
    "category": AxisTarget(shares={"c0": 0.3, "c1": 0.3, "c2": 0.25, "c3": 0.15}),
    "language": AxisTarget(shares={"en": 0.7, "zh": 0.3}),
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> SmallMix:
    rows, facts = skewed_rows(parts=6, rows_a_part=400)
    return small_mix(tmp_path_factory.mktemp("mix"), rows, facts)


def report(run: SmallMix) -> dict[str, dict[str, dict[str, dict[str, float]]]]:
    return json.loads(shares_path(run.folder).read_text())


def fresh(run: SmallMix, folder: pathlib.Path) -> SmallMix:
    shutil.copytree(run.folder.root.path, folder / "run", ignore=shutil.ignore_patterns("drawn", "mix"))
    return replace(run, folder=replace(run.folder, root=run.folder.root.__class__.of(folder / "run")))


@pytest.mark.slow
def test_all_rows_without_settings(run: SmallMix, tmp_path: pathlib.Path) -> None:
    selection = fresh(run, tmp_path).mix(MixSettings())
    assert selection.num_rows == 2400 and set(selection["copies"].to_pylist()) == {1}
    assert set(selection["inclusion_probability"].to_pylist()) == {1.0}


@pytest.mark.slow
@pytest.mark.parametrize("unit", ["samples", "loss_tokens"])
def test_shares_of_two_axes(run: SmallMix, tmp_path: pathlib.Path, unit: str) -> None:
    """What is drawn and not what was expected; 700 rows of four categories leave little to chance."""
    mixed = fresh(run, tmp_path)
    selection = mixed.mix(MixSettings(size=SIZE, unit=unit, **TARGETS))
    assert pc.sum(selection["copies"]).as_py() == SIZE
    told = report(mixed)["axes"]
    for axis, target in TARGETS.items():
        for value, share in target.shares.items():
            assert told[axis][value]["drawn"] == pytest.approx(share, rel=0.01), (axis, value)
            assert told[axis][value]["expected"] == pytest.approx(share, abs=1e-5)


def test_a_plain_draw_of_the_same_rows_strays_further(run: SmallMix) -> None:
    """Why lengths are told apart: 700 rows drawn blindly carry percents more or less of an amount."""
    reader = PartReader(run.folder, MixSettings(unit="loss_tokens"), 0)
    amounts = np.concatenate([reader.read(name).amount for name in run.parts])
    drawn = np.random.default_rng(0)
    strays = [drawn.choice(amounts, SIZE, replace=False).mean() / amounts.mean() - 1 for _ in range(200)]
    assert np.std(strays) > 0.02


@pytest.mark.slow
def test_copies_where_there_are_too_few(run: SmallMix, tmp_path: pathlib.Path) -> None:
    few = MixSettings(size=1500, max_copies=4, category=AxisTarget(shares={"c3": 0.8, "c0": 0.2}))
    selection = fresh(run, tmp_path).mix(few)
    copies = selection["copies"].to_numpy()
    assert copies.sum() == 1500 and copies.max() == 4
    assert selection["inclusion_probability"].to_numpy().max() <= 4


@pytest.mark.slow
def test_the_same_bytes_in_any_order_and_others_with_another_seed(run: SmallMix, tmp_path: pathlib.Path) -> None:
    settings = MixSettings(size=SIZE, **TARGETS)
    written = []
    for number, (parts, seed) in enumerate(((run.parts, 0), (run.parts[::-1], 0), (run.parts, 1))):
        (tmp_path / str(number)).mkdir()
        mixed = replace(fresh(run, tmp_path / str(number)), parts=parts)
        mixed.mix(settings, seed)
        written.append([mixed.folder.selection(*name).read_bytes() for name in run.parts])
    assert written[0] == written[1] != written[2]


@pytest.mark.slow
def test_other_splits_are_taken_whole_and_other_licences_not_at_all(tmp_path: pathlib.Path) -> None:
    name = ShardName("s", "p")
    rows = with_split([text_row(f"s/p/{index}") for index in range(40)], "validation", 4)
    rows = [replace(row, licence_data=None if index < 8 else "MIT") for index, row in enumerate(rows)]
    run = small_mix(tmp_path, {name: rows})
    selection = run.mix(MixSettings(size=10, allow_licenses=["MIT"]))
    held_out = {row.key for row in rows if row.split == "validation" and row.licence_data}
    assert held_out <= set(selection["key"].to_pylist()) and selection.num_rows == 10 + len(held_out)
    counts = read_counts(run.folder.selection(*name), "m")
    assert counts.rejects == {"licence_not_allowed": 8, "not_selected": 40 - 8 - 10 - len(held_out)}
    counts.check("mix")
    with pytest.raises(EvenweaveError, match=r"8 rows are of licences that mix\.allow_licenses does not name"):
        run.mix(MixSettings(size=99, allow_licenses=["MIT"]))


def test_every_row_is_drawn_about_as_often(tmp_path: pathlib.Path) -> None:
    name = ShardName("s", "p")
    run = small_mix(tmp_path, {name: [text_row(f"s/p/{index}") for index in range(30)]})
    drawn: Counter[str] = Counter()
    for seed in range(60):
        reader = PartReader(run.folder, MixSettings(size=10), seed)
        stratum = next(iter(count_part(name, reader).strata))
        windows = Windows.of(Quotas({stratum: 10}, {stratum[0]: 1 / 3}), {stratum: 30})
        cut = collect(name, reader, windows).cuts(windows)[stratum]
        part = reader.read(name)
        copies, _ = copies_of(part, seed, windows, {stratum: cut})
        assert copies.sum() == 10
        drawn.update(key for key, copy in zip(part.keys.to_pylist(), copies, strict=True) if copy)
    assert min(drawn.values()) > 20 - 4.5 * 3.7 and max(drawn.values()) < 20 + 4.5 * 3.7  # deviations of a binomial


def test_the_cut_of_a_large_stratum_is_that_of_all_its_numbers() -> None:
    """By windows over parts, against sorting."""
    stratum = (Cell("c", "en", "s"), 0)
    numbers = np.random.default_rng(0).random(50_000)
    windows = Windows.of(Quotas({stratum: 12_345}, {stratum[0]: 12_345 / 50_000}), {stratum: 50_000})
    first, end = windows.windows[stratum]
    candidates = Candidates()
    for part in np.split(numbers, 10):
        inside = part[(part >= first) & (part <= end)]
        candidates += Candidates({stratum: int((part < first).sum())}, {stratum: [inside]})
    assert candidates.cuts(windows)[stratum] == np.sort(numbers)[12_344]
    assert sum(map(len, candidates.inside[stratum])) < 0.2 * len(numbers)


def test_bins_are_an_eighth_of_an_octave() -> None:
    amounts = np.arange(0, 5000)
    bins = amount_bins(amounts)
    assert bins[0] == 0 and bins[1] == 1 and (np.diff(bins) >= 0).all()
    for bin_ in set(bins[1:].tolist()):
        own = amounts[bins == bin_]
        assert own.max() / own.min() < 1.125 + 1e-9
