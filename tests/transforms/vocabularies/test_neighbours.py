"""Groups and neighbours, against the plainest way to find them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from transforms.vocabularies import neighbours
from transforms.vocabularies.neighbours import group_rows, nearest


def unit(vectors: NDArray[np.float64]) -> NDArray[np.float32]:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def naive(embeddings: NDArray[np.float32], order: NDArray[np.int64], cosine: float) -> list[int]:
    leads: dict[int, int] = {}
    for row in order.tolist():
        first = [one for one in dict.fromkeys(leads.values()) if embeddings[row] @ embeddings[one] > cosine]
        leads[row] = first[0] if first else row
    return [leads[row] for row in range(len(embeddings))]


@settings(max_examples=30)
@given(st.integers(1, 60), st.integers(0, 2**32 - 1), st.sampled_from([0.5, 0.8, 0.97]), st.sampled_from([1, 7, 1024]))
def test_as_found_one_by_one_whatever_the_blocks(rows: int, seed: int, cosine: float, block: int) -> None:
    random = np.random.default_rng(seed)
    # few directions in whole numbers of a grid, so that no cosine lies at the bound
    embeddings = unit(random.integers(-2, 3, (rows, 3)) + np.array([0.25, 0.5, 0.125]))
    order = random.permutation(rows)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(neighbours, "_BLOCK", block)
        patch.setattr(neighbours, "_LEADERS_A_TURN", 3)
        assert group_rows(embeddings, order, cosine).tolist() == naive(embeddings, order, cosine)


def test_no_chains() -> None:
    angles = np.radians([0, 10, 20, 90])
    embeddings = unit(np.stack([np.cos(angles), np.sin(angles)], axis=1))
    assert group_rows(embeddings, np.arange(4), 0.97).tolist() == [0, 0, 2, 3]
    assert group_rows(embeddings, np.array([1, 0, 2, 3]), 0.97).tolist() == [1, 1, 1, 3]


def test_nearest() -> None:
    embeddings = unit(np.array([[1, 0], [1, 0.1], [0, 1], [1, 1.0]]))
    rows, cosines = nearest(embeddings, np.array([0]), np.array([1, 2, 3]), 2)
    assert rows.tolist() == [[1, 3]] and cosines[0, 0] > cosines[0, 1]
    assert nearest(embeddings, np.array([], np.int64), np.array([1]), 2)[0].shape == (0, 2)
