"""What if: the answer from the sample beside the balance itself."""

from __future__ import annotations

import pathlib

import numpy as np
import pytest

from tests.transforms.balancing.test_certificate import certified
from transforms.balancing import sample_table
from transforms.balancing.cells import Cells
from transforms.balancing.certificate import read_certificate
from transforms.balancing.measures import COVERED_IMAGES, covered
from transforms.balancing.sample_table import read_sample
from transforms.balancing.settings import BalanceSettings
from transforms.balancing.whatif import _near_covered, beside_the_run, what_if
from transforms.datasets import read_table
from transforms.errors import ConfigError, RunFolderError
from transforms.run_folder import RunFolder

KNOWN = Cells.of(BalanceSettings(size=400))


def settings(**values: object) -> BalanceSettings:
    return BalanceSettings.model_validate({"size": 600, "even": {"floor": 5}, **values})


@pytest.mark.slow
@pytest.mark.parametrize("sample_rows", [500, 10_000])
def test_the_answer_is_what_the_balance_comes_to(tmp_path: pathlib.Path, sample_rows: int) -> None:
    folder = certified(tmp_path / "run", size=400, even={"floor": 5}, max_sample_rows=sample_rows)[2]
    sample, inside = read_sample(folder)
    assert sample.is_whole == (sample_rows > 2000)
    found = what_if(settings(), sample, inside, KNOWN)
    said = certified(tmp_path / "other", size=600, even={"floor": 5}, max_sample_rows=sample_rows)[0]
    if not sample.is_whole:
        own, of_run = what_if(settings(size=400), sample, inside, KNOWN), read_certificate(folder)
        its_own = beside_the_run(own, own, of_run)
        assert its_own.evenness == pytest.approx(of_run["evenness"]["drawn"])
        found = beside_the_run(found, own, of_run)
        assert found.evenness_error > its_own.evenness_error / 2 > 0
    assert found.evenness == pytest.approx(said["evenness"]["drawn"], abs=0.005)
    assert 0 < found.evenness_error < 0.05
    assert found.floor == said["floor"]["images"]
    assert found.free_draws == pytest.approx(said["chance"]["free_draws"], rel=0.1 if sample.is_whole else 0.5)


@pytest.mark.slow
def test_what_cannot_be_answered_is_said(tmp_path: pathlib.Path) -> None:
    folder = certified(tmp_path, size=400)[2]
    sample, inside = read_sample(folder)
    with pytest.raises(ConfigError, match="not for raked; try --exact"):
        what_if(settings(method="raked"), sample, inside, KNOWN)
    with pytest.raises(ConfigError, match="strata must be those of the run"):
        what_if(settings(strata={"by": "lang", "sizes": {"en": 300, "zh": 300}}), sample, inside, KNOWN)
    with pytest.raises(ConfigError, match="floor 500 cannot be kept"):
        what_if(settings(even={"floor": 500}), sample, inside, KNOWN)
    with pytest.raises(RunFolderError, match="is missing"):
        read_sample(RunFolder(folder.root / "nowhere", folder.fingerprint))


def test_a_large_sample_lies_in_parts(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = read_sample(certified(tmp_path / "one", size=400, even={"floor": 5})[2])
    monkeypatch.setattr(sample_table, "ROWS_PER_PART", 700)
    folder = certified(tmp_path / "parts", size=400, even={"floor": 5})[2]
    assert [folder.balance_sample_part(number).exists() for number in (1, 2, 3)] == [True, True, False]
    for mine, theirs in zip(read_sample(folder)[0], one[0], strict=True):
        np.testing.assert_array_equal(mine, theirs)
    folder.balance_sample_part(2).delete()
    with pytest.raises(RunFolderError, match=r"sample-00002.parquet is missing"):
        read_sample(folder)


def test_the_error_of_coverage_is_told_by_how_few_rows_a_concept_has(tmp_path: pathlib.Path) -> None:
    """One that the sample has whole is where it is; a floor of 20 or more keeps it there too."""
    folder = certified(tmp_path / "run", size=400, even={"floor": 0}, max_sample_rows=300)[2]
    sample, inside = read_sample(folder)
    half = np.full(len(sample.ids), 0.5)
    told = np.bincount(sample.ids[sample.ids >= 0], minlength=len(inside)) * 0.0
    for row, weight in zip(sample.ids, sample.weight, strict=True):
        np.add.at(told, row[row >= 0], 0.5 * weight)
    deviation = np.zeros(len(inside))
    for row, weight in zip(sample.ids, sample.weight, strict=True):
        np.add.at(deviation, row[row >= 0], (0.5 * weight) ** 2 * (1 - 1 / weight))
    near = int((np.abs(told - COVERED_IMAGES) < np.sqrt(deviation)).sum())
    assert near >= 3
    assert _near_covered(sample, half, np.zeros(len(inside))) == near // 3
    assert _near_covered(sample, half, np.full(len(inside), COVERED_IMAGES)) == 0
    found = what_if(settings(size=400, even={"floor": 0}), sample, inside, KNOWN)
    truth = covered(read_table(folder.concepts, None)["count_after"].to_numpy(), COVERED_IMAGES)
    assert abs(found.covered - truth) <= found.covered_error < len(inside) / 2
