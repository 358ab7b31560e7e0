"""Hub correction: a concept near to all images loses to one that is near to this image alone."""

from __future__ import annotations

import numpy as np

from tests.transforms.annotating.test_retriever import unit
from transforms.annotating.concepts.hubs import corrected, measure_hubs


def test_median_and_spread_are_those_of_each_concept() -> None:
    vectors, images = unit(50, 16, 1), unit(301, 16, 2)
    cosines = (vectors @ images.T).astype(np.float64)
    hubs = measure_hubs(vectors, images)
    np.testing.assert_allclose(hubs[:, 0], np.median(cosines, axis=1), atol=1e-5)
    np.testing.assert_allclose(hubs.sum(axis=1), np.quantile(cosines, 0.9, axis=1), atol=1e-5)


def test_a_score_is_an_inner_product_with_one_dimension_more() -> None:
    vectors, images = unit(50, 16, 1), unit(300, 16, 2)
    hubs = measure_hubs(vectors, images)
    found = np.pad(images, ((0, 0), (0, 1)), constant_values=1) @ corrected(vectors, hubs).T
    usual_middle, usual_spread = np.median(hubs, axis=0)
    expected = (images @ vectors.T - hubs[:, 0]) / hubs[:, 1] * usual_spread + usual_middle
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_a_hub_is_no_longer_the_nearest_to_all() -> None:
    """Images in one direction, and a concept in it: they are nearer to it than to what they show."""
    apart, concepts = unit(1, 32, 1), unit(20, 32, 2)
    shown = np.random.default_rng(0).integers(0, 20, 500)
    images = 0.8 * apart + 0.5 * concepts[shown]
    images /= np.linalg.norm(images, axis=1, keepdims=True)
    vectors = np.vstack([concepts, apart])
    assert ((images @ vectors.T).argmax(axis=1) == 20).mean() > 0.9
    scores = np.pad(images, ((0, 0), (0, 1)), constant_values=1) @ corrected(vectors, measure_hubs(vectors, images)).T
    assert (scores.argmax(axis=1) == shown).mean() > 0.9


def test_a_concept_as_far_from_every_image_is_not_made_the_nearest() -> None:
    vectors, images = unit(50, 16, 1), unit(300, 16, 2)
    images[:, 0] = 0
    vectors[0] = np.eye(16)[0]
    assert np.isfinite(corrected(vectors, measure_hubs(vectors, images))).all()
    scores = np.pad(images, ((0, 0), (0, 1)), constant_values=1) @ corrected(vectors, measure_hubs(vectors, images)).T
    assert (scores.argmax(axis=1) != 0).all()
