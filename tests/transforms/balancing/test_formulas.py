from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from concept_vocab.matching.metaclip import MetaclipMatcher
from tests.transforms.balancing.corpus import count_concepts
from transforms.balancing.in_memory import balance_table
from transforms.balancing.methods import METHODS, weighting
from transforms.balancing.methods.metaclip import metaclip_threshold
from transforms.balancing.settings import BalanceSettings, Method

IDS = np.array([[0, 1], [0, -1], [0, 2], [-1, -1], [0, 1]], dtype=np.int32)
COUNTS = np.array([4, 2, 1, 0])
NO_SAMPLE = np.empty((0, 2), np.int32)


def test_inverse_frequency_by_hand() -> None:
    weights = weighting(BalanceSettings(method="inverse_frequency", size=2), COUNTS, 5, NO_SAMPLE)
    np.testing.assert_allclose(weights.of_images(IDS), [0.75, 0.25, 1.25, 0.25, 0.75])
    np.testing.assert_allclose(weights.of_concepts(), [0.25, 0.5, 1.0, np.nan])


def test_inverse_frequency_with_alpha_half() -> None:
    weights = weighting(BalanceSettings(method="inverse_frequency", size=2, alpha=0.5), COUNTS, 5, NO_SAMPLE)
    np.testing.assert_allclose(weights.of_images(IDS[:2]), [0.5 + 0.5**0.5, 0.5])


def test_metaclip_by_hand() -> None:
    weights = weighting(BalanceSettings(method="metaclip", size=2, metaclip_t=1), COUNTS, 5, NO_SAMPLE)
    np.testing.assert_allclose(weights.of_images(IDS), [1 - 0.75 * 0.5, 0.25, 1.0, 0.25, 1 - 0.75 * 0.5])
    np.testing.assert_allclose(weights.of_concepts(), [0.25, 0.5, 1.0, np.nan])


def test_metaclip_as_published_from_captions_to_probabilities_by_hand() -> None:
    captions = ["a dog", "my dog .", "a red dog", "red dog", "a rare\tsight", "Dogs, (red)"]
    lists = MetaclipMatcher(["dog", "red", "rare", "never"]).match(captions)
    assert lists.to_pylist() == [[0], [0], [1, 0], [1, 0], [2], []]
    # images: 4 of dog, 2 of red, 1 of rare; with t = 2 they keep theirs with 1/2, 1 and 1, and so
    kept = [0.5, 0.5, 1, 1, 1, 0]  # 4 of them
    table = pa.table({"concept_ids": lists, "key": list("abcdef")})
    settings = BalanceSettings(method="metaclip", size=4, metaclip_t=2, metaclip_unmatched=False)
    drawn = [balance_table(table, settings.model_copy(update={"seed": seed})) for seed in range(20)]
    for chosen in drawn:
        expected = dict(zip(chosen["row"].to_pylist(), chosen["inclusion_probability"].to_pylist(), strict=True))
        assert all(probability == pytest.approx(kept[row], rel=1e-3) for row, probability in expected.items())
    assert {row for chosen in drawn for row in chosen["row"].to_pylist()} == {0, 1, 2, 3, 4}


def test_metaclip_takes_unmatched_images_where_nothing_else_is_left() -> None:
    table = pa.table({"concept_ids": [[0], [], []], "key": list("abc")})
    settings = BalanceSettings(method="metaclip", size=2, metaclip_t=1, metaclip_unmatched=False)
    chosen = balance_table(table, settings)
    assert chosen["row"].to_pylist()[0] == 0 and len(chosen) == 2


def test_metaclip_threshold_keeps_the_size() -> None:
    random = np.random.default_rng(0)
    ids = (1000 * random.random((5000, 4)) ** 3).astype(np.int32)
    counts = count_concepts(ids, 1000)
    t = metaclip_threshold(ids, counts, 500)
    kept = weighting(BalanceSettings(method="metaclip", size=500, metaclip_t=t), counts, 5000, NO_SAMPLE)
    assert kept.of_images(ids).sum() == pytest.approx(500, rel=1e-5)


def test_uniform_weighs_all_alike() -> None:
    weights = weighting(BalanceSettings(method="uniform", size=2), COUNTS, 5, NO_SAMPLE)
    assert weights.of_images(IDS).tolist() == [1.0] * 5


def test_raked_weight_is_the_exponential_of_the_mean() -> None:
    ids = np.random.default_rng(0).integers(-1, 4, (4000, 3)).astype(np.int32)
    counts = count_concepts(ids, 5)
    weights = weighting(BalanceSettings(method="raked", size=400), counts, 4000, ids)
    theta = np.log(weights.of_concepts())
    assert np.isnan(theta[4]) and (theta[:4] < 10).all()
    row = np.array([[0, 2, -1], [3, 3, 4], [-1, -1, 4], [-1, -1, -1]], dtype=np.int32)
    expected = np.exp([(theta[0] + theta[2]) / 2, theta[3], theta[:4].max(), theta[:4].min()])
    np.testing.assert_allclose(weights.of_images(row), expected)


#: Those for which an image without a concept is one image more, not of a group of its own.
ONE_GROUP = [name for name, method in METHODS.items() if method.n_groups(BalanceSettings(size=1)) == 1]


@pytest.mark.parametrize("method", ONE_GROUP)
def test_an_image_without_concepts_weighs_as_one_of_the_commonest(method: Method) -> None:
    ids = np.repeat(np.array([[0], [0], [0], [1]], dtype=np.int32), 100, axis=0)
    counts = count_concepts(ids, 2)
    weights = weighting(BalanceSettings(method=method, size=40), counts, 400, ids)
    least = weights.of_images(np.array([[0]], dtype=np.int32))
    np.testing.assert_allclose(weights.of_images(np.array([[-1]], dtype=np.int32)), least)
    assert weights.of_images(np.array([[1]], dtype=np.int32)) >= least


@pytest.mark.parametrize("method", ONE_GROUP)
def test_a_corpus_without_any_concept_is_weighed_alike(method: Method) -> None:
    ids = np.full((20, 3), -1, dtype=np.int32)
    weights = weighting(BalanceSettings(method=method, size=5), np.zeros(7, np.int64), 20, ids)
    assert len(set(weights.of_images(ids))) == 1 and weights.of_images(ids)[0] > 0
