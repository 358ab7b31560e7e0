"""Whether correcting hubs is worth it: agreement with the truth of the miniature corpus, and with its frequencies.

Unseen pictures, whose true concepts are known, by the tiny encoder, with scores as they are and corrected. It is to be
taken only where more of what is retrieved is true, and the frequencies of concepts come no further from the true ones.

    python -m tests.benchmarks.bench_hubs
"""

from __future__ import annotations

import argparse
import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tests.benchmarks.harness import keep
from transforms.annotating.concept_embedding import embed_vocabulary
from transforms.annotating.concepts.hubs import corrected, measure_hubs
from transforms.annotating.encoder import ClipEncoder
from transforms.annotating.settings import EncoderSettings
from transforms.annotating.word_lists import read_word_list
from transforms.images.decode import DecodeSettings
from transforms.images.preprocess import PreparedImage, Preprocessor
from transforms.miniature.encoder.zero_shot import CUTOFF, best_threshold
from transforms.miniature.pictures.drawing import encoded_picture_of

SEED = 3003  # of no corpus that the encoder was trained on or is shown on
BATCH = 256


def embed_pictures(encoder: ClipEncoder, images: int, names: list[str]) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """(B, D) embeddings, and (B, C) whether each concept is true."""
    prepare = Preprocessor(
        encoder.size, encoder.resize_mode, encoder.interpolation, encoder.fill_color, DecodeSettings(min_side=8)
    )
    column = {name: number for number, name in enumerate(names)}
    truth = np.zeros((images, len(names)), np.bool_)
    found = []
    for first in range(0, images, BATCH):
        pixels = []
        for index in range(first, min(first + BATCH, images)):
            scene, data = encoded_picture_of(SEED, index)
            prepared = prepare(data)
            assert isinstance(prepared, PreparedImage), Image.open(io.BytesIO(data))
            pixels.append(prepared.pixels)
            truth[index, [column[concept.name] for concept in scene.concepts]] = True
        found.append(encoder.encode_images(np.stack(pixels)).numpy())
    return np.concatenate(found), truth


def judged(scores: NDArray[np.float32], truth: NDArray[np.bool_], name: str) -> dict[str, float]:
    """``kl``: of the frequencies of retrieved concepts to the true ones, in nats; as many concepts an image as are
    true, and those of the first eight above the threshold that is best for these scores."""
    order = np.argsort(-scores, axis=1)
    hits = np.take_along_axis(truth, order, axis=1)
    true = truth.sum(axis=1)
    as_many = np.arange(truth.shape[1]) < true[:, None]
    above = best_threshold(scores, truth)["min_similarity"]
    chosen = (np.arange(truth.shape[1]) < CUTOFF) & (np.take_along_axis(scores, order, axis=1) >= above)
    return {
        f"{name}_nearest_is_true": float(hits[:, 0].mean()),
        f"{name}_r_precision": float(hits[as_many].mean()),
        f"{name}_f1": best_threshold(scores, truth)["f1"],
        f"{name}_kl": divergence(order[as_many], truth),
        f"{name}_kl_above_threshold": divergence(order[chosen], truth),
    }


def divergence(retrieved: NDArray[np.int64], truth: NDArray[np.bool_]) -> float:
    """KL(retrieved ‖ true), half an image added to each concept."""
    p, q = np.bincount(retrieved, minlength=truth.shape[1]) + 0.5, truth.sum(axis=0) + 0.5
    p, q = p / p.sum(), q / q.sum()
    return float((p * np.log(p / q)).sum())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=4000)
    parser.add_argument("--sample", type=int, default=2048, help="of them, by which hubs are told")
    arguments = parser.parse_args()
    encoder = ClipEncoder(EncoderSettings(model="configs/encoder/tiny", precision="fp32", threads=2))
    vocabulary = read_word_list("configs/vocabulary/mini.yaml")
    vectors = embed_vocabulary(vocabulary, encoder)
    images, truth = embed_pictures(encoder, arguments.images, vocabulary.names)
    hubs = measure_hubs(vectors, images[: arguments.sample])
    with_one = np.pad(images, ((0, 0), (0, 1)), constant_values=1)
    keep(
        "hubs",
        images=arguments.images,
        sample=arguments.sample,
        concepts=len(vocabulary),
        **judged(images @ vectors.T, truth, "plain"),
        **judged(with_one @ corrected(vectors, hubs).T, truth, "corrected"),
    )


if __name__ == "__main__":
    main()
