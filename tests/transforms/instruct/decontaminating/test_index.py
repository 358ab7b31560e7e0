"""What the index answers is what a plain search would."""

from __future__ import annotations

import pathlib
from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.transforms.instruct.decontaminating.small_benchmark import (
    CHARTS,
    chart,
    encoded,
    prints_of,
    settings_of,
    write_benchmark,
)
from transforms.images.hashing import content_hash
from transforms.instruct.decontaminating.index import BenchmarkIndex, NgramTable, _Searcher

HASHES = st.lists(st.integers(0, 2**64 - 1), max_size=20)


@given(st.lists(HASHES, max_size=5), st.integers(0, 2**64 - 1), st.integers(0, 7), st.data())
def test_near_hashes(variants: list[list[int]], asked: int, bits: int, data: st.DataObject) -> None:
    flips = data.draw(st.sets(st.integers(0, 63), max_size=8))
    variants = [*variants, [asked ^ sum(1 << bit for bit in flips)]]
    apart = [min((bin(one ^ asked).count("1") for one in own), default=64) for own in variants]
    expected = sorted((one, place) for place, one in enumerate(apart) if one <= bits)
    assert _Searcher(variants).search(np.array([asked], np.uint64), bits) == [expected]


@given(st.lists(st.sets(st.integers(0, 8), max_size=6), min_size=1, max_size=8), st.integers(1, 3))
def test_shared_ngrams(questions: list[set[int]], most: int) -> None:
    hashes = np.array([one for own in questions for one in own], np.uint64)
    place = np.repeat(np.arange(len(questions)), [len(own) for own in questions])
    owner = np.arange(len(questions)) % 2
    table = NgramTable.of(hashes, place, owner, most)
    asked = np.arange(10, dtype=np.uint64)
    found = set(zip(*(one.tolist() for one in table.shared(asked)), strict=True))
    counts = Counter((owner[at], one) for at, own in enumerate(questions) for one in own)
    kept = [{one for one in own if counts[owner[at], one] <= most} for at, own in enumerate(questions)]
    assert found == {(one, at) for at, own in enumerate(kept) for one in own}
    assert table.known.tolist() == [len(own) for own in kept]


def test_what_an_index_knows_of_a_benchmark(tmp_path: pathlib.Path) -> None:
    settings = settings_of(write_benchmark(tmp_path / "b"))
    index = BenchmarkIndex((prints_of(tmp_path / "b", settings.benchmarks[0]),), 3)
    image = index.image_of[content_hash(encoded(chart(4)))]
    assert [index.label(question) for question in index.questions_of[image]] == ["small/q4"]
    assert index.has_pixels(image) and index.picture(image).width == 240
    assert len(index.ids) == CHARTS + 2 and len(index.questions_of) == CHARTS
    looks = int(index._near._hashes[index._near._starts[image]])
    assert index.nearest_of([4], looks, 20, 4, (240, 160)) == [(0, image)]
    assert not index.nearest_of([4], looks, 20, 4, (160, 240))


def test_no_benchmark_at_all() -> None:
    index = BenchmarkIndex((), 3)
    assert index.near(np.array([5], np.uint64), 6) == [[]]
