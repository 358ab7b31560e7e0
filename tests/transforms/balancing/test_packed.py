from __future__ import annotations

import pickle

import numpy as np
import pytest

from transforms.balancing.packed import Packed


@pytest.mark.parametrize("value", [None, [], np.arange(10), {"counts": np.zeros((4, 1000), np.int64)}])
def test_a_value_comes_back_as_it_was(value: object) -> None:
    np.testing.assert_equal(pickle.loads(pickle.dumps(Packed(value))).value, value)


def test_zeros_take_next_to_nothing() -> None:
    assert len(pickle.dumps(Packed(np.zeros(1 << 20)))) < 1 << 16
