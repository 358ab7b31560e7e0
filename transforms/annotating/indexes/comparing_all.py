"""Exact search: every concept is compared. By FAISS on a CPU, by one matrix product and a top-k on a GPU.

At D = 1024 and 500,000 concepts it costs 1 GFLOP an image, where ViT-H/14 costs about 330 to make the embedding: on a
GPU, and in most runs, there is nothing to gain by anything else.

Shape legend: N images, V concepts, D width of the vectors, K concepts an image.
"""

from __future__ import annotations

import warnings

import numpy as np
import torch
from numpy.typing import NDArray

from transforms.annotating.faiss_library import import_faiss
from transforms.annotating.indexes.index import ExactKind, Search

faiss = import_faiss()
_SCORES_A_CHUNK = 1 << 28  # bounds a GPU's score matrix to 1 GiB of float32
_SCORES_A_CHUNK_ON_CPU = 1 << 25  # 128 MiB


class FaissSearch:
    """The vectors stay where they are, in a file if they are mapped from one: FAISS's own index would copy them."""

    def __init__(self, vectors: NDArray[np.float32]) -> None:
        self._vectors = vectors

    def __call__(self, images: torch.Tensor, k: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        queries = np.ascontiguousarray(images.cpu().numpy())
        scores, rows = faiss.knn(queries, self._vectors, k, metric=faiss.METRIC_INNER_PRODUCT)
        return scores, rows


class ProductSearch:
    """On a GPU the embeddings are there already."""

    def __init__(self, vectors: NDArray[np.float32], device: torch.device) -> None:
        self._device = device
        if device.type == "cuda":
            self._vectors = torch.from_numpy(np.ascontiguousarray(vectors.T)).to(device)  # (D, V)
        else:
            with warnings.catch_warnings():  # of vectors that cannot be written to, which nobody does
                warnings.filterwarnings("ignore", "The given NumPy array is not writable")
                self._vectors = torch.from_numpy(vectors).T
        self._chunk = _SCORES_A_CHUNK if device.type == "cuda" else _SCORES_A_CHUNK_ON_CPU

    def __call__(self, images: torch.Tensor, k: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        rows = max(1, self._chunk // self._vectors.shape[1])
        images = images.to(self._device)
        found = [torch.topk(chunk @ self._vectors, k) for chunk in torch.split(images, rows)]
        scores = torch.cat([values for values, _ in found]).cpu().numpy()
        return scores, torch.cat([indexes for _, indexes in found]).cpu().numpy()


def _fastest(vectors: NDArray[np.float32], device: torch.device) -> Search:
    return ProductSearch(vectors, device) if device.type == "cuda" else FaissSearch(vectors)


EXACT = ExactKind("every concept is compared, by FAISS on a CPU, by a matrix product on a GPU", _fastest)
PRODUCT = ExactKind("every concept is compared, by a matrix product in torch", ProductSearch)
