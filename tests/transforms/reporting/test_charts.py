from __future__ import annotations

import importlib.resources
import io
import re
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from transforms.reporting.charts import (
    GRID_COLOUR,
    SERIES_COLOURS,
    Frame,
    count_histogram,
    curve_points,
    histogram,
    inline_svg,
    rank_frequency,
)
from transforms.reporting.figures import render_figures
from transforms.reporting.summary import ConceptCounts

_FRAME = Frame(400, 300)


def counts(*values: int) -> NDArray[np.int64]:
    return np.array(values, np.int64)


ZIPF = ConceptCounts(*(10_000 // np.arange(1, 501, dtype=np.int64) // share for share in (1, 5, 6)))
NOTHING = ConceptCounts(counts(), counts(), counts())


@given(st.lists(st.integers(0, 10**9), max_size=400))
def test_the_curve_keeps_both_ends_and_never_rises(values: list[int]) -> None:
    ranks, images = curve_points(counts(*values))
    present = sorted((value for value in values if value), reverse=True)
    assert len(ranks) <= 160
    if present:
        assert (ranks[0], ranks[-1]) == (1, len(present))
        assert images.tolist() == [present[rank - 1] for rank in ranks]


@given(st.lists(st.integers(0, 2**40), max_size=100))
def test_every_concept_stands_in_one_bin_by_its_bit_length(values: list[int]) -> None:
    bins = histogram(counts(*values), 42)
    assert bins.tolist() == [sum(value.bit_length() == length for value in values) for length in range(42)]


@pytest.mark.parametrize("draw", [rank_frequency, count_histogram])
@pytest.mark.parametrize("concepts", [ZIPF, NOTHING, ConceptCounts(counts(0, 0), counts(0, 0), counts(0, 0))])
def test_inline_charts_are_sound_and_repeatable(draw, concepts: ConceptCounts) -> None:  # type: ignore[no-untyped-def]
    svg = inline_svg(draw(concepts, _FRAME), "what it shows")
    root = ElementTree.fromstring(svg)
    assert root.get("aria-label") == "what it shows"
    assert root.get("width") is None  # scales with its column
    assert not re.search(r'\bid="|url\(|href', svg)  # ids would clash between two charts of a page
    assert svg == inline_svg(draw(concepts, _FRAME), "what it shows")


def test_marks_tell_their_figures_to_the_pointer() -> None:
    svg = inline_svg(rank_frequency(ZIPF, _FRAME), "")
    assert "<title>before: rank 1, 10,000 images</title>" in svg
    assert "<title>4 to 7 images: 2 concepts (before)</title>" in inline_svg(
        count_histogram(ConceptCounts(counts(4, 7, 9), counts(1), counts(1)), _FRAME), ""
    )


def test_the_style_sheet_restyles_every_colour_of_the_charts() -> None:
    style = (importlib.resources.files("transforms.reporting") / "page.css").read_text()
    for colour in (*SERIES_COLOURS.values(), GRID_COLOUR):
        assert f'[stroke="{colour}"]' in style
    for colour in SERIES_COLOURS.values():
        assert f'[fill="{colour}"]' in style


@pytest.mark.slow
@pytest.mark.parametrize("concepts", [ZIPF, NOTHING])
def test_figures_are_readable_on_any_page_and_repeatable(concepts: ConceptCounts) -> None:
    files = render_figures(concepts)
    assert sorted(files) == [
        "concept_histogram.png",
        "concept_histogram.svg",
        "rank_frequency.png",
        "rank_frequency.svg",
    ]
    assert files == render_figures(concepts)
    for name, data in files.items():
        if name.endswith(".png"):
            with Image.open(io.BytesIO(data)) as picture:
                assert picture.convert("RGBA").getpixel((0, 0)) == (255, 255, 255, 255)
        else:
            assert b'fill="white"' in data
