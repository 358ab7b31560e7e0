"""How well an encoder finds the true concepts of unseen pictures by the names of the concepts alone.

Shape legend: B pictures, C concepts, D embedding width.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from transforms.miniature.concepts import CONCEPTS
from transforms.miniature.pictures.drawing import encoded_picture_of

_INDEX = {concept.name: i for i, concept in enumerate(CONCEPTS)}
_BATCH = 256
CUTOFF = 8  # concepts retrieved a picture, the K of the embedded configuration


@torch.inference_mode()
def concept_embeddings(model: Any, tokenizer: Any, prompts: Sequence[str]) -> torch.Tensor:
    """(C, D), of unit length: the mean over the prompts, as the vocabulary of the pipeline is embedded."""
    by_prompt = [
        model.encode_text(tokenizer([prompt.format(concept.name) for concept in CONCEPTS]), normalize=True)
        for prompt in prompts
    ]
    return torch.nn.functional.normalize(torch.stack(by_prompt).mean(0), dim=-1)


@torch.inference_mode()
def scores_and_truth(
    model: Any, preprocess: Any, tokenizer: Any, prompts: Sequence[str], seed: int, images: int
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """(B, C) cosines, and whether each concept is true, for pictures of the corpus ``seed`` read back from JPEG."""
    concepts = concept_embeddings(model, tokenizer, prompts)
    scores = np.empty((images, len(CONCEPTS)), np.float32)
    truth = np.zeros((images, len(CONCEPTS)), np.bool_)
    for first in range(0, images, _BATCH):
        tensors = []
        for index in range(first, min(first + _BATCH, images)):
            scene, data = encoded_picture_of(seed, index)
            tensors.append(preprocess(Image.open(io.BytesIO(data))))
            truth[index, [_INDEX[concept.name] for concept in scene.concepts]] = True
        embeddings = model.encode_image(torch.stack(tensors), normalize=True)
        scores[first : first + len(tensors)] = (embeddings @ concepts.T).numpy()
    return scores, truth


def measures(scores: NDArray[np.float32], truth: NDArray[np.bool_]) -> dict[str, float]:
    """Recall, R-precision and mean average precision; the rarest tenth are the last concepts of the ranking."""
    rare = np.zeros(truth.shape[1], np.bool_)
    rare[-(truth.shape[1] // 10) :] = True
    order = np.argsort(-scores, axis=1)
    hits = np.take_along_axis(truth, order, axis=1)
    rare_hits = hits & rare[order]
    ranks = np.arange(1, truth.shape[1] + 1)
    wanted = truth.sum(1)
    average_precision = (hits * hits.cumsum(1) / ranks).sum(1) / wanted
    return {
        f"recall_at_{CUTOFF}": float(hits[:, :CUTOFF].sum() / truth.sum()),
        f"recall_at_{CUTOFF}_rarest_tenth": float(rare_hits[:, :CUTOFF].sum() / truth[:, rare].sum()),
        "r_precision": float((hits & (ranks <= wanted[:, None])).sum() / truth.sum()),
        "mean_average_precision": float(average_precision.mean()),
    }


def chance(truth: NDArray[np.bool_]) -> dict[str, float]:
    """The same measures of scores that know nothing."""
    return measures(np.random.default_rng(0).random(truth.shape, dtype=np.float32), truth)


def best_threshold(scores: NDArray[np.float32], truth: NDArray[np.bool_]) -> dict[str, float]:
    """The least similarity that gives the best F1 of precision and recall, over the first K of each picture."""
    top = np.argsort(-scores, axis=1)[:, :CUTOFF]
    flat = np.take_along_axis(scores, top, axis=1).ravel()
    order = np.argsort(-flat)
    hits = np.take_along_axis(truth, top, axis=1).ravel()[order].cumsum()
    precision, recall = hits / np.arange(1, len(hits) + 1), hits / truth.sum()
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    best = int(f1.argmax())
    return {
        "min_similarity": float(flat[order[best]]),
        "f1": float(f1[best]),
        "precision": float(precision[best]),
        "recall": float(recall[best]),
    }
