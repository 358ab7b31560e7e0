from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tests.transforms.balancing.corpus import count_concepts
from transforms.balancing.concept_ids import concept_hits, drop_below, look_up
from transforms.errors import RunFolderError

IDS = np.array([[0, 1], [0, -1], [0, 2], [-1, -1], [0, 1]], dtype=np.int32)
COUNTS = np.array([4, 2, 1, 0])
NO_SAMPLE = np.empty((0, 2), np.int32)


def test_count_concepts_by_hand() -> None:
    assert count_concepts(IDS, 4).tolist() == COUNTS.tolist()
    assert count_concepts(IDS[:0], 4).tolist() == [0, 0, 0, 0]


@given(hnp.arrays(np.int32, (7, 3), elements=st.integers(-1, 4)), hnp.arrays(np.int64, 7, elements=st.integers(0, 3)))
def test_copies_count_as_rows_that_come_again(ids: np.ndarray, copies: np.ndarray) -> None:
    again = np.repeat(ids, copies, axis=0)
    expected = [int((again == concept).sum()) for concept in range(5)]
    assert concept_hits(ids, 5, copies).dense().tolist() == expected


@pytest.mark.parametrize("bare", [True, False])
def test_no_concept_is_looked_up_as_what_is_asked_for(bare: bool) -> None:
    assert look_up(COUNTS, IDS, 9).tolist() == [[4, 2], [4, 9], [4, 1], [9, 9], [4, 2]]
    assert look_up(COUNTS > 1, IDS, bare)[3].tolist() == [bare, bare]
    assert look_up(COUNTS, IDS, np.iinfo(np.int64).max).dtype == np.int64


def test_an_id_of_another_vocabulary_is_named() -> None:
    with pytest.raises(RunFolderError, match="concept 2, but the vocabulary has 2"):
        count_concepts(IDS, 2)
    with pytest.raises(RunFolderError, match="concept -2, but the vocabulary has 4"):
        count_concepts(np.array([[0, -2]], np.int32), 4)


@given(
    hnp.arrays(np.float16, (5, 3), elements=st.floats(-1, 1, width=16) | st.just(float("nan"))),
    st.floats(0, 1, exclude_min=True),
)
def test_threshold_by_bits_is_threshold_by_value(scores: np.ndarray, threshold: float) -> None:
    ids = np.arange(15, dtype=np.int32).reshape(5, 3)
    expected = np.where(scores.astype(np.float64) >= threshold, ids, -1)
    np.testing.assert_array_equal(drop_below(ids, scores, threshold), expected)
