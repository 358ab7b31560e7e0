from __future__ import annotations

import numpy as np
import pytest

from transforms.balancing.measures import (
    COVERED_IMAGES,
    distance,
    evenness,
    gini,
    measures,
    normalised_entropy,
    top_share,
)


def test_an_even_distribution() -> None:
    even = measures(np.full(200, 30), np.full(200, 99))
    assert even.normalised_entropy == pytest.approx(1)
    assert even.gini == pytest.approx(0)
    assert even.distance_to_uniform == pytest.approx(0)
    assert even.top_percent_share == pytest.approx(0.01)
    assert (even.concepts, even.covered) == (200, 200)


def test_one_concept_has_everything() -> None:
    counts = np.zeros(100, dtype=np.int64)
    counts[7] = COVERED_IMAGES
    one = measures(counts, np.ones(100, dtype=np.int64))
    assert one.normalised_entropy == 0
    assert one.gini == pytest.approx(0.99)
    assert one.distance_to_uniform == pytest.approx(0.99)
    assert (one.top_percent_share, one.covered) == (1.0, 1)


def test_by_hand() -> None:
    counts = np.array([1, 3])
    assert normalised_entropy(counts) == pytest.approx(0.811278, rel=1e-6)  # the entropy of 1/4 in bits
    assert gini(counts) == pytest.approx(0.25)
    assert distance(counts, np.array([1.0, 1.0])) == pytest.approx(0.25)
    assert top_share(counts) == pytest.approx(0.75)


def test_concepts_that_the_raw_corpus_lacks_do_not_count() -> None:
    before = np.array([5, 5, 0])
    assert measures(np.array([2, 2, 0]), before).normalised_entropy == pytest.approx(1)


def test_an_empty_selection_is_no_error() -> None:
    empty = measures(np.zeros(5, np.int64), np.ones(5, np.int64))
    assert (empty.normalised_entropy, empty.gini, empty.covered) == (0, 0, 0)


def test_copies_that_are_next_to_none_are_none() -> None:
    """Of expected copies, which may be fewer than a share can tell."""
    flat = np.log(np.full(3, 1 / 3))
    assert evenness(np.array([4e5, 4e5, 1e-320]), flat) == evenness(np.array([1.0, 1.0, 0.0]), flat)
