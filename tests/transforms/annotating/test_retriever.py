"""Retrieval is exact: the same concepts as sorting every similarity."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from transforms.annotating.concept_vectors import ConceptVectors
from transforms.annotating.retriever import Retriever
from transforms.annotating.settings import RetrievalSettings
from transforms.datasets import list_matrix
from transforms.errors import ConfigError

CPU = torch.device("cpu")


def unit(rows: int, width: int, seed: int) -> NDArray[np.float32]:
    vectors = np.random.default_rng(seed).normal(size=(rows, width)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def found(retriever: Retriever, images: NDArray[np.float32], name: str = "concept_ids") -> NDArray[Any]:
    return list_matrix(_chunked(retriever.columns(torch.from_numpy(images))[name]))


def _chunked(column: Any) -> Any:
    return pa.chunked_array([column])


def retriever(concepts: NDArray[np.float32], **settings: Any) -> Retriever:
    return Retriever(ConceptVectors(concepts), RetrievalSettings(concepts_per_image=8, **settings), CPU)


@pytest.mark.parametrize("settings", [{}, {"index": {"kind": "product"}}, {"index": {"kind": "auto"}}])
def test_search_is_exact(settings: dict[str, Any]) -> None:
    concepts, images = unit(1000, 64, 1), unit(50, 64, 2)
    search = retriever(concepts, **settings)
    ids, scores = found(search, images), found(search, images, "concept_scores")
    similarity = images @ concepts.T
    expected = np.argsort(-similarity, axis=1)[:, :8]
    assert (ids == expected).all()
    assert ids.dtype == np.int32 and scores.dtype == np.float16
    np.testing.assert_allclose(scores, np.take_along_axis(similarity, expected, axis=1), atol=1e-3)


def test_kept_embeddings_are_searched_as_they_are_kept() -> None:
    concepts, images = unit(1000, 64, 1), unit(50, 64, 2)
    search = retriever(concepts, keep_embedding=True, stored_concepts=12)
    kept = found(search, images, "embedding")
    assert kept.dtype == np.float16
    expected = np.argsort(-(kept.astype(np.float64) @ concepts.T.astype(np.float64)), axis=1)
    assert (found(search, images) == expected[:, :8]).all()
    assert (found(search, images, "spare_concept_ids") == expected[:, 8:12]).all()
    assert (search.nearest(kept.astype(np.float32))[0] == expected[:, :12]).all()


def test_equal_scores_stand_in_the_order_of_uids() -> None:
    """Whichever rows the concepts have, and however many are alike."""
    concepts = np.repeat(unit(10, 16, 1), 3, axis=0)
    order = np.random.default_rng(0).permutation(len(concepts))
    images = unit(20, 16, 2)
    uids = np.arange(len(concepts), dtype=np.uint64)
    plain, shuffled = ConceptVectors(concepts), ConceptVectors(concepts[order])
    shuffled.__dict__["uids"] = uids[order]
    settings = RetrievalSettings(concepts_per_image=6, keep_embedding=True)
    first, second = (found(Retriever(one, settings, CPU), images) for one in (plain, shuffled))
    assert (order[second] == first).all()


@hypothesis_settings(max_examples=30, deadline=None)
@given(
    st.integers(0, 10**6),
    st.integers(8, 120),
    st.sampled_from([{}, {"index": {"kind": "product"}}, {"keep_embedding": True, "stored_concepts": 11}]),
)
def test_of_a_group_the_nearest_alone(seed: int, n_groups: int, settings: dict[str, Any]) -> None:
    """As by sorting all, and passing over what an earlier one of its group stands for; of groups of any size."""
    random = np.random.default_rng(seed)
    groups = np.concatenate([np.arange(n_groups), (n_groups * random.random(100) ** 4).astype(np.int64)])
    concepts = unit(n_groups, 16, seed)[groups] + 0.05 * random.normal(size=(len(groups), 16)).astype(np.float32)
    images = unit(12, 16, seed + 1).astype(np.float16).astype(np.float32)
    search = Retriever(
        ConceptVectors(concepts, groups=groups), RetrievalSettings(concepts_per_image=8, **settings), CPU
    )
    names = ["concept_ids", *(["spare_concept_ids"] if "stored_concepts" in settings else [])]
    rows = np.hstack([found(search, images, name) for name in names])
    for image, row in zip(images.astype(np.float64), rows.tolist(), strict=True):
        best: list[int] = []
        for concept in np.argsort(-(concepts.astype(np.float64) @ image)).tolist():
            if groups[concept] not in groups[best]:
                best.append(concept)
        assert row == (best + [-1] * 3)[: len(row)]


def test_concepts_that_are_alone_are_found_as_without_groups() -> None:
    concepts, images = unit(300, 32, 1), unit(20, 32, 2)
    for settings in ({}, {"keep_embedding": True, "stored_concepts": 12}):
        plain, alone = (
            Retriever(ConceptVectors(concepts, groups=groups), RetrievalSettings(concepts_per_image=8, **settings), CPU)
            for groups in (None, np.arange(300))
        )
        assert pa.table(plain.columns(torch.from_numpy(images))) == pa.table(alone.columns(torch.from_numpy(images)))


def test_fewer_meanings_than_an_image_is_to_get() -> None:
    with pytest.raises(ConfigError, match="concepts_per_image is 8, but the vocabulary holds 5"):
        Retriever(
            ConceptVectors(unit(20, 8, 1), groups=np.arange(20) % 5), RetrievalSettings(concepts_per_image=8), CPU
        )


def test_more_are_stored_than_there_are() -> None:
    search = retriever(unit(10, 16, 1), keep_embedding=True, stored_concepts=12)
    assert (found(search, unit(3, 16, 2), "spare_concept_ids")[:, 2:] == -1).all()


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU here")
def test_the_gpu_finds_what_faiss_finds() -> None:
    concepts, images = ConceptVectors(unit(5000, 64, 1)), torch.from_numpy(unit(300, 64, 2))
    settings = RetrievalSettings(concepts_per_image=8)
    on_cpu = Retriever(concepts, settings, CPU).columns(images)["concept_ids"].flatten().to_numpy()
    on_gpu = Retriever(concepts, settings, torch.device("cuda")).columns(images.cuda())["concept_ids"].flatten()
    assert (on_cpu == on_gpu.to_numpy()).mean() > 0.999


def test_more_concepts_than_there_are() -> None:
    with pytest.raises(ConfigError, match="concepts_per_image is 8, but the vocabulary holds 5"):
        retriever(unit(5, 8, 1))
