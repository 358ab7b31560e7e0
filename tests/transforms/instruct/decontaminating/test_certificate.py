"""Intervals, and what a certificate says of canaries and look-alikes."""

from __future__ import annotations

import pathlib
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from tests.transforms.instruct.decontaminating.small_benchmark import judge_of, prints_of, settings_of, write_benchmark
from transforms.instruct.decontaminating.canaries import CANARIES, LOOK_ALIKES, TRANSLATED, load_sample, planted
from transforms.instruct.decontaminating.certificate import (
    Tally,
    certificate,
    clopper_pearson,
    described,
    measure,
    with_translations,
)
from transforms.instruct.decontaminating.settings import DecontaminateSettings


@given(st.integers(1, 300).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))))
def test_the_interval_leaves_as_little_outside_as_it_says(counts: tuple[int, int]) -> None:
    found, of = counts
    low, high = clopper_pearson(found, of)
    assert 0 <= low <= found / of <= high <= 1
    assert found == 0 or binom.sf(found - 1, of, low) == pytest.approx(0.025)
    assert found == of or binom.cdf(found, of, high) == pytest.approx(0.025)


def test_thirty_of_thirty() -> None:
    assert clopper_pearson(30, 30) == (pytest.approx(0.8843, abs=1e-4), 1.0)


def test_canaries_are_found_and_look_alikes_are_not(tmp_path: pathlib.Path) -> None:
    judge = judge_of(tmp_path / "b")
    settings = settings_of(tmp_path / "b" / "questions.jsonl")
    sample = load_sample([prints_of(tmp_path / "b", settings.benchmarks[0])], 3)
    cells = {cell.name: measure(cell, sample, judge, settings, {}) for cell in (*CANARIES, *LOOK_ALIKES)}
    for name in ("image exact", "image reencode 20", "image crop 0.1", "image resize 0.35", "image overlay 0.16"):
        assert cells[name]["found"] == cells[name]["planted"] == 3, name
    assert cells["text polite"]["found"] == cells["text polite"]["planted"] == 2
    assert not any(cells[cell.name]["found"] for cell in LOOK_ALIKES)
    assert sum(cells[cell.name]["planted"] for cell in LOOK_ALIKES) >= 8


def test_rows_of_a_cell_are_the_same_each_time(tmp_path: pathlib.Path) -> None:
    settings = settings_of(write_benchmark(tmp_path / "b"))
    sample = load_sample([prints_of(tmp_path / "b", settings.benchmarks[0])], 3)
    for cell in (*CANARIES, *LOOK_ALIKES):
        assert list(planted(cell, sample, {})) == list(planted(cell, sample, {}))


def test_failing_cells_and_what_nobody_measured_are_said() -> None:
    cells = {cell.name: described(cell.name, 30, 30, Counter()) for cell in CANARIES}
    cells["image crop 0.2"] = described("image crop 0.2", 20, 30, Counter())
    cells["text same"] = described("text same", 0, 0, Counter())
    cells["same layout, other figures"] = described("same layout, other figures", 3, 30, Counter())
    known = {"name": "b", "content": "fingerprint", "missing_images": 4, "match_names": False}
    values = certificate(DecontaminateSettings(), [known], {}, Tally.of([]), cells)
    assert values["failing"] == ["image crop 0.2", "same layout, other figures"]
    said = "\n".join(values["not_measured"])
    assert "text same: no question" in said and "b is known by its fingerprint alone" in said
    assert "translated" in said and "4 questions show an image of which no file was found; known by nothing" in said


def test_translated_questions_are_added_and_added_anew() -> None:
    cells = {cell.name: described(cell.name, 30, 30, Counter()) for cell in CANARIES}
    settings = DecontaminateSettings(translated_by="m")
    values = certificate(settings, [], {}, Tally.of([]), cells)
    names = [cell.name for cell in TRANSLATED]
    for found in (0, 30):
        counts = ((30, 30), (0, 0), (found, 30))  # found of planted
        more = {name: described(name, *count, Counter()) for name, count in zip(names, counts, strict=True)}
        values = with_translations(values, {"by": "m"}, more, settings)
        assert [one["name"] for one in values["canaries"]] == [*cells, *names] and values["translations"] == {"by": "m"}
        assert values["failing"] == ([] if found else [names[2]])
        assert [line for line in values["not_measured"] if "translated" in line] == [
            f"{names[1]}: no question of the benchmarks allows it"
        ]


def test_findings_are_counted_by_row_and_by_question() -> None:
    found = [("same_image", "a", "1"), ("same_image", "a", "1"), ("same_image", "b", "1"), ("long_text", "a", "2")]
    tiers = Tally.of(found).as_dict(DecontaminateSettings(same_image="mark"))
    assert tiers["same_image"] == {
        "action": "mark",
        "rows": 3,
        "by_benchmark": {"a": {"rows": 2, "questions": 1}, "b": {"rows": 1, "questions": 1}},
    }
    assert tiers["question_only"]["rows"] == 0
