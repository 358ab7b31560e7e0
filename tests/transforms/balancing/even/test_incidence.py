from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.transforms.balancing.corpus import count_concepts, random_ids
from transforms.balancing.even.incidence import Incidence

V = 30


@given(st.integers(0, 10_000), st.integers(0, 40))
def test_sums_are_those_of_the_ids_one_by_one(seed: int, rows: int) -> None:
    ids = random_ids(max(rows, 1), V, 4, seed)[:rows]
    random = np.random.default_rng(seed)
    values, mass, some = random.random(V), random.integers(0, 9, rows), random.random(rows) < 0.5
    images = Incidence.of(np.where(ids < 0, V, ids).astype(np.int32), V)
    assert len(images) == rows
    np.testing.assert_allclose(images.of_images(values), np.append(values, 0.0)[ids].sum(axis=1))
    np.testing.assert_array_equal(images.of_concepts(mass), count_concepts(np.repeat(ids, mass, axis=0), V))
    np.testing.assert_array_equal(images.some(some).of_images(values), images.of_images(values)[some])
    assert images.concepts_per_image == (ids >= 0).sum(axis=1).max(initial=0)


def test_a_concept_that_stands_twice_counts_twice() -> None:
    images = Incidence.of(np.array([[1, 1, 2]], np.int32), 2)
    assert images.of_images(np.array([5.0, 3.0])).tolist() == [6.0]
    assert images.of_concepts(np.array([2])).tolist() == [0.0, 4.0]
