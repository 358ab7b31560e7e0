"""Approximate search: an index that FAISS builds once, which looks at some of the concepts.

Shape legend: N images, V concepts, D width of the vectors, K concepts an image.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from transforms.annotating.faiss_library import import_faiss
from transforms.annotating.indexes.index import BuiltKind, Recipe
from transforms.annotating.settings import IndexSettings
from transforms.errors import ConfigError

faiss = import_faiss()

#: Lists a square root of the concepts, as FAISS's guide advises from 4 to 16:
#: https://github.com/facebookresearch/faiss/wiki/Guidelines-to-choose-an-index
_LISTS_A_ROOT = 4
#: Of how many lists one is looked into; the next where the one before finds too little. Measured on one core, 60,000
#: concepts by 1,024 (tests/benchmarks/bench_retrieval.py): of 32 finds 0.97 at twice the speed of exact search, of 8
#: finds 0.9996 at half of it, since lists are not searched by blocks of images.
_LISTS_PROBED = (64, 32, 16, 8)
_GRAPH = "HNSW"
_LINKS = 32  # of a concept to others
_BREADTH_OF_BUILDING, _BREADTHS_OF_SEARCH = 80, (128, 256, 512, 1024, 2048)
_SEED = 1234  # of k-means, FAISS's own
_ROUNDS, _CONCEPTS_A_LIST = 10, 64  # of k-means, and how many it looks at: of 25 and 256, lists are hardly better


def build_index(vectors: NDArray[np.float32], recipe: Recipe) -> Any:
    """Raises ConfigError where FAISS cannot make sense of the recipe, or not of so few vectors."""
    threads = faiss.omp_get_max_threads()
    try:
        index = faiss.index_factory(vectors.shape[1], recipe.factory, faiss.METRIC_INNER_PRODUCT)
        set_parameters(index, recipe.parameters)
        if _GRAPH in recipe.factory:  # by several threads it would be another graph each time
            faiss.omp_set_num_threads(1)
        with contextlib.suppress(RuntimeError):  # not of lists
            clustering = faiss.extract_index_ivf(index).cp
            clustering.seed, clustering.niter = _SEED, _ROUNDS
            clustering.min_points_per_centroid = 1  # it would warn of fewer than 39, on stderr
            clustering.max_points_per_centroid = _CONCEPTS_A_LIST
        if not index.is_trained:
            index.train(vectors)
        index.add(vectors)
    except RuntimeError as error:
        raise ConfigError(
            f"retrieval.index: FAISS builds no {recipe.factory!r} with {recipe.parameters!r} of {len(vectors):,} "
            f"vectors of width {vectors.shape[1]}: {_said(error)}"
        ) from error
    finally:
        faiss.omp_set_num_threads(threads)
    return index


def set_parameters(index: Any, parameters: str) -> None:
    """As FAISS writes them."""
    if parameters:
        faiss.ParameterSpace().set_index_parameters(index, parameters)


def _said(error: RuntimeError) -> str:
    """Without the place in FAISS's source."""
    return re.split(r" at \S+:\d+: ", str(error), maxsplit=1)[-1].strip()


class BuiltSearch:
    """On a GPU where faiss-gpu is installed and has the kind of index, else on the CPU."""

    def __init__(self, index: Any, device: torch.device) -> None:
        self._index = index
        if device.type == "cuda" and hasattr(faiss, "StandardGpuResources"):
            with contextlib.suppress(RuntimeError):  # graphs are for CPUs alone
                self._index = faiss.index_cpu_to_gpu(faiss.StandardGpuResources(), device.index or 0, index)

    def __call__(self, images: torch.Tensor, k: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        scores, rows = self._index.search(np.ascontiguousarray(images.cpu().numpy()), k)
        return scores, rows


def _of_lists(concepts: int, settings: IndexSettings) -> Recipe:
    lists = max(1, int(_LISTS_A_ROOT * concepts**0.5))
    return _recipe(f"IVF{lists},Flat", settings, [f"nprobe={-(-lists // share)}" for share in _LISTS_PROBED])


def _of_graph(_concepts: int, settings: IndexSettings) -> Recipe:
    searching = [f"efSearch={breadth}" for breadth in _BREADTHS_OF_SEARCH]
    return _recipe(f"{_GRAPH}{_LINKS},Flat", settings, searching, f"efConstruction={_BREADTH_OF_BUILDING},")


def _recipe(factory: str, settings: IndexSettings, usual: Sequence[str], building: str = "") -> Recipe:
    """Parameters that the user sets are taken as they are."""
    first, *wider = [building + one for one in ([settings.parameters] if settings.parameters else usual)]
    return Recipe(factory, first, tuple(wider))


def _of_factory(_concepts: int, settings: IndexSettings) -> Recipe:
    return Recipe(settings.factory or "", settings.parameters or "")


IVF = BuiltKind("lists of neighbouring concepts, of which the nearest are looked through", _of_lists)
HNSW = BuiltKind("a graph of concepts, followed towards the image", _of_graph)
FACTORY = BuiltKind("an index by FAISS's factory string", _of_factory)
