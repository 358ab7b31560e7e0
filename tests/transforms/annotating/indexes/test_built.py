"""Indexes that FAISS builds: measured when they are built, refused where they find too little or are not of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from tests.transforms.annotating.test_retriever import CPU, unit
from transforms.annotating.concept_vectors import ConceptVectors
from transforms.annotating.indexes import INDEXES, chosen
from transforms.annotating.indexes.approximate import BuiltSearch, build_index
from transforms.annotating.indexes.built import (
    build_measured,
    nearest,
    open_built,
    recall,
    share_found,
    wide_enough,
)
from transforms.annotating.indexes.comparing_all import EXACT
from transforms.annotating.indexes.index import BuiltKind, Recipe
from transforms.annotating.retriever import Retriever
from transforms.annotating.settings import IndexSettings, RetrievalSettings
from transforms.errors import ConfigError, RunFolderError

CONCEPTS, IMAGES = unit(2000, 24, 1), unit(100, 24, 2)
BUILT = {
    "ivf": {"parameters": "nprobe=60"},
    "hnsw": {},
    "factory": {"factory": "IVF32,SQ8", "parameters": "nprobe=24"},
}


def settings(kind: str, **changed: Any) -> IndexSettings:
    return IndexSettings.model_validate({"kind": kind, **BUILT[kind], "min_recall": 0.5, **changed})


def test_every_kind_that_is_built_is_looked_at() -> None:
    assert {name for name, kind in INDEXES.items() if isinstance(kind, BuiltKind)} == BUILT.keys()


@pytest.mark.parametrize("kind", BUILT)
def test_its_recall_is_that_of_what_is_opened_again(kind: str) -> None:
    built = build_measured(CONCEPTS, IMAGES, 10, settings(kind))
    about = built.about
    assert (about.kind, about.nearest, about.queries) == (kind, 10, len(IMAGES))
    assert 0.5 <= about.recall <= 1
    search = open_built(built, CONCEPTS, CPU)
    assert recall(search, CONCEPTS, IMAGES, 10) == about.recall
    _, rows = search(torch.from_numpy(IMAGES), 10)
    similarity = IMAGES @ CONCEPTS.T
    expected = np.argsort(-similarity, axis=1)[:, :10]
    shared = np.mean([len(set(one) & set(other)) for one, other in zip(rows.tolist(), expected.tolist(), strict=True)])
    assert shared / 10 == pytest.approx(about.recall)


@pytest.mark.parametrize("kind", BUILT)
def test_built_twice_it_is_the_same_bytes(kind: str) -> None:
    first, second = (build_measured(CONCEPTS, IMAGES, 10, settings(kind)) for _ in range(2))
    assert bytes(first.data) == bytes(second.data)


def test_exact_search_has_a_recall_of_one() -> None:
    assert recall(EXACT.open(CONCEPTS, CPU), CONCEPTS, IMAGES, 10) == 1


def test_one_that_finds_too_little_is_refused_with_what_to_do() -> None:
    few = settings("ivf", parameters="nprobe=1", min_recall=0.99)
    with pytest.raises(
        ConfigError, match=r"ivf \(IVF178,Flat, nprobe=1\) finds 0\.\d+ .*min_recall is 0.99. Let it look"
    ):
        build_measured(CONCEPTS, IMAGES, 10, few)


def test_one_whose_parameters_are_not_set_looks_as_far_as_it_must() -> None:
    """Measured as it is opened again; and of a bound that it never reaches the message names the furthest."""
    concepts, images = unit(4000, 32, 1), unit(100, 32, 2)
    for least, parameters in ((0.01, "nprobe=4"), (0.5, "nprobe=16"), (0.7, "nprobe=32")):
        built = build_measured(concepts, images, 10, IndexSettings(kind="ivf", min_recall=least))
        assert built.about.parameters == parameters and built.about.recall >= least
        assert recall(open_built(built, concepts, CPU), concepts, images, 10) == built.about.recall
    with pytest.raises(ConfigError, match=r"\(IVF252,Flat, nprobe=32\) finds 0\.\d+ .*is 1\.0\. Let it look further"):
        build_measured(concepts, images, 10, IndexSettings(kind="ivf", min_recall=1))


def test_a_graph_is_followed_further_too() -> None:
    recipe = Recipe("HNSW4,Flat", "efConstruction=8,efSearch=4", ("efSearch=64", "efSearch=512"))
    exact, found = nearest(CONCEPTS, IMAGES, 10), []
    for least in (0.01, 0.5, 1.1):
        index = build_index(CONCEPTS, recipe)
        found.append(wide_enough(index, recipe, IMAGES, exact, least))
        assert share_found(BuiltSearch(index, CPU), IMAGES, exact) == found[-1][1]
    assert [parameters for parameters, _ in found] == [recipe.parameters, *recipe.wider]
    assert found[0][1] < 0.5 <= found[1][1] < found[2][1]


def test_parameters_that_are_set_are_not_widened() -> None:
    for name, parameters in (("ivf", "nprobe=3"), ("hnsw", "efSearch=3")):
        kind = INDEXES[name]
        assert isinstance(kind, BuiltKind)
        assert kind.recipe(1000, settings(name, parameters=parameters)).wider == ()
        assert len(kind.recipe(1000, settings(name, parameters=None)).wider) >= 2


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"factory": "nonsense"}, "could not parse index string nonsense"),
        ({"parameters": "efSearch=4"}, "could not set parameter efSearch"),
        ({"factory": "IVF4000,Flat"}, "Number of training points"),
    ],
)
def test_what_faiss_cannot_build_is_told_with_its_words(changed: dict[str, str], says: str) -> None:
    with pytest.raises(
        ConfigError, match=rf"retrieval\.index: FAISS builds no .* of 2,000 vectors of width 24: .*{says}"
    ):
        build_measured(CONCEPTS, IMAGES, 10, settings("factory", **changed))


@pytest.mark.parametrize("other", [CONCEPTS[:-1], np.ascontiguousarray(CONCEPTS[:, :-1])])
def test_an_index_of_other_vectors_is_refused(other: NDArray[np.float32]) -> None:
    built = build_measured(CONCEPTS, IMAGES, 10, settings("hnsw"))
    with pytest.raises(RunFolderError, match=r"holds 2000 vectors of width 24, .* of another encoder or vocabulary"):
        open_built(built, other, CPU)


def test_what_an_index_does_not_find_is_none() -> None:
    """Fewer than K, where the lists that are looked into hold no more."""
    built = build_measured(CONCEPTS, IMAGES, 10, settings("ivf", parameters="nprobe=1", min_recall=0.01))
    retrieval = RetrievalSettings(concepts_per_image=100)
    columns = Retriever(ConceptVectors(CONCEPTS, index=built), retrieval, CPU).columns(torch.from_numpy(IMAGES))
    ids, scores = (columns[name].flatten().to_numpy() for name in ("concept_ids", "concept_scores"))
    assert (ids == -1).any() and (scores[ids == -1] == -1).all() and (ids < len(CONCEPTS)).all()
    assert (scores[ids >= 0] > -1).all()


def test_auto_is_told_by_device_and_size() -> None:
    auto = IndexSettings(kind="auto")
    assert chosen(auto, 1000, "cpu").kind == chosen(auto, 500_000, "cuda").kind == "product"
    assert chosen(auto, 500_000, "cpu").kind == "ivf"
    assert chosen(settings("hnsw"), 1000, "cpu") == settings("hnsw")


def test_settings_of_one_kind_are_refused_for_another() -> None:
    with pytest.raises(ValueError, match="factory goes with kind: factory"):
        IndexSettings(kind="factory")
    with pytest.raises(ValueError, match="parameters are not for kind exact"):
        IndexSettings(parameters="nprobe=3")
