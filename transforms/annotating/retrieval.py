"""Which concepts are nearest to an image: exact search by inner product.

Exact search is the right one even for 500,000 concepts: at D = 1024 it costs 2 · 500,000 · 1024 ≈ 1 GFLOP an image,
where ViT-H/14 costs about 330 to make the embedding. On a CPU FAISS does it; on a GPU the embeddings are there
already, and one matrix product with a top-k is the same search without a copy.

Shape legend: N images, V concepts, D embedding width, K concepts an image.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from transforms.annotating.faiss_library import import_faiss
from transforms.annotating.settings import require_concepts

faiss = import_faiss()
_SCORES_A_CHUNK = 1 << 28  # bounds the GPU's score matrix to 1 GiB of float32


class ConceptIndex:
    """Searches one matrix of concept embeddings."""

    def __init__(self, embeddings: NDArray[np.float32], device: torch.device) -> None:
        """``embeddings``: (V, D) float32, rows of length 1."""
        self._device = device
        self._n_concepts = len(embeddings)
        if device.type == "cuda":
            self._matrix = torch.from_numpy(np.ascontiguousarray(embeddings.T)).to(device)
        else:
            self.index = faiss.IndexFlatIP(embeddings.shape[1])
            self.index.add(np.ascontiguousarray(embeddings))

    def search(self, images: torch.Tensor, k: int) -> tuple[NDArray[np.int32], NDArray[np.float16]]:
        """(N, D) embeddings → (N, K) concept ids and (N, K) cosine similarities, nearest first."""
        require_concepts(self._n_concepts, k)
        if self._device.type == "cuda":
            rows = max(1, _SCORES_A_CHUNK // self._n_concepts)
            found = [torch.topk(chunk @ self._matrix, k) for chunk in torch.split(images, rows)]
            scores = torch.cat([values for values, _ in found]).cpu().numpy()
            ids = torch.cat([indexes for _, indexes in found]).cpu().numpy()
        else:
            scores, ids = self.index.search(images.numpy(), k)
        return ids.astype(np.int32), scores.astype(np.float16)


def set_search_threads(threads: int) -> None:
    """FAISS would otherwise take every core in each of the worker processes."""
    faiss.omp_set_num_threads(threads)
