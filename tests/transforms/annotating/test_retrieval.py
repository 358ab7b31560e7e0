"""Retrieval is exact: the same concepts as sorting every similarity."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from transforms.annotating.retrieval import ConceptIndex
from transforms.errors import ConfigError


def unit(rows: int, width: int, seed: int) -> np.ndarray:
    vectors = np.random.default_rng(seed).normal(size=(rows, width)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_search_is_exact() -> None:
    concepts, images = unit(1000, 64, 1), unit(50, 64, 2)
    ids, scores = ConceptIndex(concepts, torch.device("cpu")).search(torch.from_numpy(images), 8)
    similarity = images @ concepts.T
    expected = np.argsort(-similarity, axis=1)[:, :8]
    assert (ids == expected).all()
    assert ids.dtype == np.int32 and scores.dtype == np.float16
    np.testing.assert_allclose(scores, np.take_along_axis(similarity, expected, axis=1), atol=1e-3)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")
def test_the_gpu_finds_what_faiss_finds() -> None:
    concepts, images = unit(5000, 64, 1), torch.from_numpy(unit(300, 64, 2))
    on_cpu = ConceptIndex(concepts, torch.device("cpu")).search(images, 8)
    on_gpu = ConceptIndex(concepts, torch.device("cuda")).search(images.cuda(), 8)
    assert (on_cpu[0] == on_gpu[0]).mean() > 0.999


def test_more_concepts_than_there_are() -> None:
    index = ConceptIndex(unit(5, 8, 1), torch.device("cpu"))
    with pytest.raises(ConfigError, match="concepts_per_image is 6, but the vocabulary holds 5"):
        index.search(torch.from_numpy(unit(1, 8, 2)), 6)
