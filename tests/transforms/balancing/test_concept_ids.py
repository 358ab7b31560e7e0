from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from transforms.balancing.concept_ids import count_concepts, drop_below
from transforms.errors import RunFolderError

IDS = np.array([[0, 1], [0, -1], [0, 2], [-1, -1], [0, 1]], dtype=np.int32)
COUNTS = np.array([4, 2, 1, 0])
NO_SAMPLE = np.empty((0, 2), np.int32)


def test_count_concepts_by_hand() -> None:
    assert count_concepts(IDS, 4).tolist() == COUNTS.tolist()
    assert count_concepts(IDS[:0], 4).tolist() == [0, 0, 0, 0]


def test_an_id_of_another_vocabulary_is_named() -> None:
    with pytest.raises(RunFolderError, match="concept 2, but the vocabulary has 2"):
        count_concepts(IDS, 2)


@given(
    hnp.arrays(np.float16, (5, 3), elements=st.floats(-1, 1, width=16) | st.just(float("nan"))),
    st.floats(0, 1, exclude_min=True),
)
def test_threshold_by_bits_is_threshold_by_value(scores: np.ndarray, threshold: float) -> None:
    ids = np.arange(15, dtype=np.int32).reshape(5, 3)
    expected = np.where(scores.astype(np.float64) >= threshold, ids, -1)
    np.testing.assert_array_equal(drop_below(ids, scores, threshold), expected)
