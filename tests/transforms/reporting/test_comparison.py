from __future__ import annotations

import pathlib

import pytest

from tests.pipelines.finished_run import finished_run
from tests.transforms.reporting.test_page import HOSTILE, Elements
from transforms.browsing.comparing import Comparison, Difference, Overlap, compare
from transforms.reporting.comparison import measure_pairs, render_comparison


@pytest.fixture
def found(tmp_path: pathlib.Path) -> Comparison:
    return compare(finished_run(tmp_path), finished_run(tmp_path, "uniform", "bc"))


def test_measures_are_those_of_either_selection(found: Comparison) -> None:
    pairs = {row.name: (row.first, row.second) for row in measure_pairs(found)}
    assert pairs["normalised entropy"] == ("0.631", "1.000")  # ln 2 / ln 3, and three concepts alike
    assert pairs["concepts with 20 images or more"] == ("0", "0")


def test_the_page_says_what_differs_and_loads_nothing(found: Comparison) -> None:
    text = render_comparison(found)
    page = Elements(text)
    assert not {"script", "link", "iframe", "img"} & {tag for tag, _ in page.found}
    assert "balance.method raked uniform" in " ".join(page.text.split())
    assert "web 1 1 1 33.3 %" in " ".join(page.text.split())
    assert render_comparison(found) == text


@pytest.mark.parametrize("hostile", HOSTILE)
def test_text_from_elsewhere_stays_text(found: Comparison, hostile: str) -> None:
    harmless = {tag for tag, _ in Elements(render_comparison(found)).found}
    names = found.concepts.set_column(0, "name", [[hostile] * len(found.concepts)])
    altered = Comparison(
        (hostile, hostile),
        found.fingerprints,
        (Difference(hostile, hostile, hostile),),
        found.stages,
        (Overlap(hostile, 1, 1, 1),),
        names,
    )
    page = Elements(render_comparison(altered))
    assert {tag for tag, _ in page.found} <= harmless
    assert not [name for _, name, _ in page.attributes() if name.startswith("on")]
