"""What embeddings of concepts tell: which name one thing, and of which type the nearest ones are.

Shape legend: V concepts, D embedding width, Q concepts that are asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import torch

_BLOCK = 1024  # rows that are compared at once with all others: 2 GB of cosines at 500,000
_LEADERS_A_TURN = 65_536
NONE = -1


def group_rows(embeddings: NDArray[np.float32], order: NDArray[np.int64], cosine: float) -> NDArray[np.int32]:
    """(V, D), rows of length 1 → (V,) the row that leads each one's group, its own where it stands alone.

    In ``order``, a concept joins the first leader whose cosine with it is above ``cosine``, and leads where there is
    none: so that all of a group are near one concept, and no chain of neighbours makes one of strangers.
    """
    import torch  # only a build with an encoder needs it

    device = "cuda" if torch.cuda.is_available() else "cpu"
    vectors = torch.from_numpy(np.ascontiguousarray(embeddings[order])).to(device)
    leads = np.full(len(order), NONE, np.int64)  # places in the order
    leaders: list[int] = []
    for start in range(0, len(order), _BLOCK):
        block = vectors[start : start + _BLOCK]
        found = _first_leader(block, vectors, leaders, cosine)
        near = (block @ block.T > cosine).cpu().numpy()
        alone: list[int] = []  # leaders of this block
        for at, leader in enumerate(found.tolist()):
            if leader == NONE:
                among = np.flatnonzero(near[at, alone])
                leader = start + (alone[among[0]] if len(among) else at)
                if leader == start + at:
                    alone.append(at)
            leads[start + at] = leader
        leaders += [start + at for at in alone]
    result = np.empty(len(order), np.int32)
    result[order] = order[leads]
    return result


def _first_leader(block: torch.Tensor, vectors: torch.Tensor, leaders: list[int], cosine: float) -> NDArray[np.int64]:
    import torch

    found = np.full(len(block), NONE, np.int64)
    for start in range(0, len(leaders), _LEADERS_A_TURN):
        those = torch.tensor(leaders[start : start + _LEADERS_A_TURN], device=vectors.device)
        above, first = (block @ vectors[those].T > cosine).max(dim=1)
        hit = above.cpu().numpy() & (found == NONE)
        found[hit] = those[first].cpu().numpy()[hit]
    return found


def nearest(
    embeddings: NDArray[np.float32], asked: NDArray[np.int64], among: NDArray[np.int64], k: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """(Q, K) rows of ``among`` nearest to each of the ``asked`` rows, and their cosines, nearest first."""
    import torch  # only a build with an encoder needs it

    device = "cuda" if torch.cuda.is_available() else "cpu"
    known = torch.from_numpy(np.ascontiguousarray(embeddings[among])).to(device)
    rows, cosines = [], []
    for start in range(0, len(asked), _BLOCK):
        block = torch.from_numpy(np.ascontiguousarray(embeddings[asked[start : start + _BLOCK]])).to(device)
        scores, at = torch.topk(block @ known.T, min(k, len(among)))
        rows.append(among[at.cpu().numpy()])
        cosines.append(scores.cpu().numpy())
    if not rows:
        return np.empty((0, k), np.int64), np.empty((0, k), np.float32)
    return np.concatenate(rows), np.concatenate(cosines)
