"""The shipped encoder: opened by open_clip without a network, small, and far better than chance."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml

from transforms.miniature.concepts import CONCEPTS
from transforms.miniature.encoder import zero_shot
from transforms.miniature.encoder.model import load
from transforms.miniature.encoder.training import TESTING_SEED, TRAINING_SEED
from transforms.miniature.settings import MiniatureSettings

CONFIGS = Path(__file__).parents[4] / "configs"
FOLDER = CONFIGS / "encoder" / "tiny"
PICTURES = 300


@pytest.fixture(scope="module")
def encoder():
    return load(FOLDER)


@pytest.fixture(scope="module")
def scores_and_truth(encoder):
    prompts = yaml.safe_load((CONFIGS / "vocabulary" / "mini.yaml").read_text(encoding="utf-8"))["prompts"]
    return zero_shot.scores_and_truth(*encoder, prompts, seed=31_337, images=PICTURES)


def test_the_folder_is_small():
    assert sum(file.stat().st_size for file in FOLDER.iterdir()) <= 6_000_000


def test_training_testing_and_corpus_have_seeds_of_their_own():
    assert len({TRAINING_SEED, TESTING_SEED, MiniatureSettings().seed}) == 3


def test_weights_are_loaded_not_drawn(encoder):
    again, _, _ = load(FOLDER)
    first, second = encoder[0].state_dict(), again.state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.slow
def test_concepts_are_found_by_their_names(scores_and_truth):
    measured, chance = zero_shot.measures(*scores_and_truth), zero_shot.chance(scores_and_truth[1])
    assert measured["recall_at_8"] > 0.9
    assert measured["mean_average_precision"] > 10 * chance["mean_average_precision"]


@pytest.mark.slow
def test_the_kept_metrics_hold(scores_and_truth):
    kept = json.loads((FOLDER / "metrics.json").read_text())
    measured = zero_shot.measures(*scores_and_truth)
    assert measured["recall_at_8"] == pytest.approx(kept["measured"]["recall_at_8"], abs=0.05)
    assert kept["chance"]["recall_at_8"] == pytest.approx(8 / len(CONCEPTS), abs=0.01)


@pytest.mark.slow
def test_chinese_names_find_their_concepts(encoder):
    """The text tower knows both languages: most Chinese names lie nearest to their English ones."""
    model, _, tokenizer = encoder
    with torch.inference_mode():
        english = model.encode_text(tokenizer([concept.name for concept in CONCEPTS]), normalize=True)
        chinese = model.encode_text(tokenizer([concept.chinese for concept in CONCEPTS]), normalize=True)
    nearest = (chinese @ english.T).argmax(1)
    assert (nearest == torch.arange(len(CONCEPTS))).float().mean() > 0.8


class TestMeasures:
    """The measures themselves, on scores whose answers are known."""

    def truth(self):
        rng = np.random.default_rng(1)
        truth = rng.random((200, len(CONCEPTS))) < 0.005  # hardly ever more than eight
        truth[:, 0] = True
        return truth

    def test_perfect_scores(self):
        truth = self.truth()
        assert min(zero_shot.measures(truth.astype(np.float32), truth).values()) > 0.98
        assert zero_shot.best_threshold(truth.astype(np.float32), truth)["f1"] > 0.98

    def test_chance_is_what_counting_says(self):
        assert zero_shot.chance(self.truth())["recall_at_8"] == pytest.approx(8 / len(CONCEPTS), abs=0.015)

    def test_threshold_separates(self):
        truth = self.truth()
        scores = np.where(truth, 0.7, 0.2).astype(np.float32)
        assert 0.2 < zero_shot.best_threshold(scores, truth)["min_similarity"] <= 0.7001
