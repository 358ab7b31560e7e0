from __future__ import annotations

import numpy as np
import pytest

from tests.transforms.balancing.corpus import count_concepts, random_ids
from transforms.balancing.methods import weighting
from transforms.balancing.settings import BalanceSettings

COUNTS = np.array([400, 100, 4, 0])
IDS = np.array([[0, -1], [1, -1], [2, -1], [0, 2], [-1, -1]], np.int32)
NO_SAMPLE = np.empty((0, 2), np.int32)


def weights(**tempered: float) -> list[float]:
    settings = BalanceSettings.model_validate({"method": "tempered", "size": 1, "tempered": tempered})
    return weighting(settings, COUNTS, 500, NO_SAMPLE).of_images(IDS).tolist()


def test_counts_to_the_power_summed_over_concepts() -> None:
    assert weights(count_floor=1) == pytest.approx([1 / 20, 1 / 10, 1 / 2, 1 / 20 + 1 / 2, 1 / 20])
    assert weights(count_floor=1, alpha=1) == pytest.approx([1 / 400, 1 / 100, 1 / 4, 1 / 400 + 1 / 4, 1 / 400])


def test_rare_concepts_count_as_many_as_the_floor() -> None:
    assert weights(count_floor=25)[2] == pytest.approx(1 / 5)
    assert weights(count_floor=1000) == pytest.approx([1000**-0.5] * 3 + [2 * 1000**-0.5, 1000**-0.5])


def test_no_image_weighs_more_than_the_cap() -> None:
    assert weights(count_floor=1, cap=4) == pytest.approx([1 / 20, 1 / 10, 4 / 20, 4 / 20, 1 / 20])
    assert weights(count_floor=1, cap=1) == pytest.approx([1 / 20] * 5)


def test_a_concept_that_no_image_holds_takes_no_part() -> None:
    settings = BalanceSettings(method="tempered", size=1)
    of_concepts = weighting(settings, COUNTS, 500, NO_SAMPLE).of_concepts()
    assert np.isnan(of_concepts).tolist() == [False, False, False, True]


def test_alpha_leads_from_uniform_to_inverse_frequency() -> None:
    ids = random_ids(600, 50, 1, 0)
    counts = count_concepts(ids, 50)

    def of(**values: object) -> np.ndarray:
        settings = BalanceSettings.model_validate({"size": 1, **values})
        return weighting(settings, counts, 600, ids).of_images(ids)

    tempered = {alpha: of(method="tempered", tempered={"alpha": alpha, "count_floor": 1}) for alpha in (0, 1)}
    np.testing.assert_allclose(tempered[0], of(method="uniform"))
    np.testing.assert_allclose(tempered[1], of(method="inverse_frequency"))


def test_a_run_begun_before_the_method_was_there_goes_on() -> None:
    identity = BalanceSettings(size=1).identity()
    assert "tempered" not in identity
    changed = BalanceSettings.model_validate({"size": 1, "tempered": {"alpha": 0.7}}).identity()
    assert changed == {**identity, "tempered": {"alpha": 0.7, "count_floor": 10, "cap": None}}
