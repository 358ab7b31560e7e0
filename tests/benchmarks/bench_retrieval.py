"""Concept retrieval against a bare FAISS search of the same index: what our wrapping costs."""

from __future__ import annotations

import argparse
import os

import faiss
import numpy as np
import torch

from tests.benchmarks.harness import best_secs, keep
from transforms.annotating.indexes.comparing_all import EXACT
from transforms.annotating.retriever import set_search_threads


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--concepts", type=int, default=100_000)
    parser.add_argument("--width", type=int, default=1024)
    parser.add_argument("--batch-size", type=int, default=256)
    arguments = parser.parse_args()
    rng = np.random.default_rng(0)
    concepts = rng.normal(size=(arguments.concepts, arguments.width)).astype(np.float32)
    images = rng.normal(size=(arguments.batch_size, arguments.width)).astype(np.float32)
    set_search_threads(len(os.sched_getaffinity(0)))
    bare = faiss.IndexFlatIP(arguments.width)
    bare.add(concepts)
    search = EXACT.open(concepts, torch.device("cpu"))
    tensor = torch.from_numpy(images)
    bare_secs = best_secs(lambda: bare.search(images, 10))
    ours_secs = best_secs(lambda: search(tensor, 10))
    keep(
        "retrieval",
        concepts=arguments.concepts,
        width=arguments.width,
        images_per_sec=arguments.batch_size / ours_secs,
        bare_faiss_images_per_sec=arguments.batch_size / bare_secs,
        ratio=bare_secs / ours_secs,
    )


if __name__ == "__main__":
    main()
