"""Concepts found for images: exact search beside a bare FAISS index, and what approximate ones gain and lose.

Each section stands alone and keeps its result when it ends: ``retrieval`` of exact search, ``retrieval_ivf`` and
``retrieval_hnsw`` of the indexes as the product builds them by default: it looks as far as it must for the recall that
index.min_recall asks for, measured by images. Both sides of each ratio take turns in one run, with the same threads. A
graph is built by one thread, so that it is the same each time.

The vectors are made, and have what those of a CLIP have (assumed, the figures are printed and kept): a few directions
hold most of the variance (that of the i-th falls as 1 / i, as if there were about 34); all texts share a direction, so
that any two have a cosine of about 0.55; concepts lie in clusters of clusters of uneven size, and the nearest of a
concept has one of about 0.9; images lie apart from texts, with about 0.3 to the nearest concept and 0.06 to any. Of
vectors without that, drawn evenly in all directions, the tenth nearest is hardly nearer than the hundredth, and a graph
of 10,000 that finds 0.996 of these found 0.92.

    python -m tests.benchmarks.bench_retrieval --sections exact ivf hnsw
"""

from __future__ import annotations

import argparse
import os
import pathlib
import tempfile
import time
from collections.abc import Callable, Iterator
from typing import Any

import faiss
import numpy as np
import torch
from numpy.typing import NDArray

from tests.benchmarks.harness import keep
from transforms.annotating.indexes import EXACT, INDEXES, PRODUCT
from transforms.annotating.indexes.approximate import BuiltSearch, build_index
from transforms.annotating.indexes.built import nearest, recall, wide_enough
from transforms.annotating.indexes.index import BuiltKind
from transforms.annotating.retriever import set_search_threads
from transforms.annotating.settings import IndexName, IndexSettings
from transforms.arrays_at_rest import as_array, read_mapped, write_rows
from transforms.storage import StoragePath

K = 10
CPU = torch.device("cpu")
SECTIONS = ("exact", "ivf", "hnsw")
CONCEPTS_A_TOPIC, CONCEPTS_A_CLUSTER = 2500, 50
BLOCK = 1 << 14  # concepts drawn at once
MEASURED = 1000  # images that recall is measured by


def unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows


def uneven(rng: np.random.Generator, rows: int, width: int) -> NDArray[np.float32]:
    """(N, D) of length 1 or so, in few directions most: the i-th has a variance in proportion to 1 / i."""
    spectrum = np.arange(1, width + 1, dtype=np.float32) ** -0.5
    return rng.standard_normal((rows, width), np.float32) * (spectrum / np.linalg.norm(spectrum))


def draw_concepts(rng: np.random.Generator, concepts: int, width: int) -> Iterator[NDArray[np.float32]]:
    """Block by block: what all texts share, a topic, a cluster within it, and something of its own."""
    shared = unit(rng.standard_normal((1, width), np.float32))
    topics = uneven(rng, max(2, concepts // CONCEPTS_A_TOPIC), width)
    clusters = uneven(rng, max(2, concepts // CONCEPTS_A_CLUSTER), width)
    topic_of = rng.zipf(1.2, len(clusters)) % len(topics)
    cluster_of = np.minimum(rng.pareto(1, concepts) * len(clusters) / 8, len(clusters) - 1).astype(int)
    for start in range(0, concepts, BLOCK):
        own = cluster_of[start : start + BLOCK]
        of_kind = 0.6 * topics[topic_of[own]] + 0.6 * clusters[own]
        yield unit((shared + of_kind + 0.5 * uneven(rng, len(own), width)).astype(np.float32))


def draw_images(rng: np.random.Generator, concepts: NDArray[np.float32], images: int) -> NDArray[np.float32]:
    """Each shows four concepts, one more than the other, lies in the direction of images, and has something of its
    own."""
    width, of_texts = concepts.shape[1], concepts[:: max(1, len(concepts) // 4096)].mean(axis=0)
    shares = rng.dirichlet(np.ones(4), images).astype(np.float32)
    shown = np.stack([concepts[rng.integers(0, len(concepts), 4)] for _ in range(images)]) - of_texts
    apart = unit(rng.standard_normal((1, width), np.float32))
    held = np.einsum("nk,nkd->nd", shares, shown)
    return unit((apart + 0.8 * held + 0.15 * of_texts + 0.5 * uneven(rng, images, width)).astype(np.float32))


def cosines(rng: np.random.Generator, vectors: NDArray[np.float32], images: NDArray[np.float32]) -> dict[str, float]:
    """What the vectors that were drawn are like."""
    some = np.sort(rng.integers(0, len(vectors), 200))
    texts, others = vectors[some], vectors[np.sort(rng.integers(0, len(vectors), 1000))]
    of_images, _ = EXACT.open(vectors, CPU)(torch.from_numpy(images[:100]), K)
    of_texts, _ = EXACT.open(vectors, CPU)(torch.from_numpy(np.ascontiguousarray(texts)), 2)
    return {
        "cosine_of_any_two_concepts": float((texts @ others.T).mean()),
        "cosine_of_the_nearest_concept": float(of_texts[:, 1].mean()),
        "cosine_of_an_image_with_any_concept": float((images[:100] @ others.T).mean()),
        "cosine_of_an_image_with_the_nearest": float(of_images[:, 0].mean()),
        f"cosine_of_an_image_with_the_{K}th": float(of_images[:, -1].mean()),
    }


def in_turns(*sides: Callable[[], Any], repeats: int = 3) -> list[float]:
    """The least seconds of each."""
    times: list[list[float]] = [[] for _ in sides]
    for _ in range(repeats):
        for side, own in zip(sides, times, strict=True):
            start = time.perf_counter()
            side()
            own.append(time.perf_counter() - start)
    return [min(own) for own in times]


def anonymous_bytes() -> int:
    """Memory of this process that is no file's."""
    lines = pathlib.Path("/proc/self/status").read_text().splitlines()
    return 1024 * int(next(line.split()[1] for line in lines if line.startswith("RssAnon")))


def exact(vectors: NDArray[np.float32], images: NDArray[np.float32]) -> dict[str, Any]:
    """Ours from the file, a bare index of its own copy, and the product in torch."""
    tensor = torch.from_numpy(images)
    before = anonymous_bytes()
    ours, product = EXACT.open(vectors, CPU), PRODUCT.open(vectors, CPU)
    ours(tensor, K)
    private = anonymous_bytes() - before
    bare = faiss.IndexFlatIP(vectors.shape[1])
    bare.add(vectors)
    bare_private = anonymous_bytes() - before - private
    ours_secs, bare_secs, product_secs = in_turns(
        lambda: ours(tensor, K), lambda: bare.search(images, K), lambda: product(tensor, K)
    )
    return {
        "images_per_sec": len(images) / ours_secs,
        "bare_faiss_images_per_sec": len(images) / bare_secs,
        "ratio": bare_secs / ours_secs,
        "product_images_per_sec": len(images) / product_secs,
        "vectors_gb": vectors.nbytes / 1e9,
        "private_gb": private / 1e9,
        "bare_faiss_private_gb": bare_private / 1e9,
    }


def approximate(
    name: IndexName, vectors: NDArray[np.float32], images: NDArray[np.float32], measured: NDArray[np.float32]
) -> dict[str, Any]:
    """By the product's own settings; ``measured``: images that decide how far it looks, as in a build. Its recall is
    that for ``images``, which decide nothing."""
    kind, settings = INDEXES[name], IndexSettings(kind=name)
    assert isinstance(kind, BuiltKind)
    recipe = kind.recipe(len(vectors), settings)
    before, start = anonymous_bytes(), time.perf_counter()
    index = build_index(vectors, recipe)
    build_secs = time.perf_counter() - start
    print(f"{name} is built in {build_secs:.0f} s", flush=True)
    start = time.perf_counter()
    parameters, found = wide_enough(index, recipe, measured, nearest(vectors, measured, K), settings.min_recall)
    measure_secs = time.perf_counter() - start
    search, all_of_them, tensor = BuiltSearch(index, CPU), EXACT.open(vectors, CPU), torch.from_numpy(images)
    secs, exact_secs = in_turns(lambda: search(tensor, K), lambda: all_of_them(tensor, K))
    return {
        "recipe": f"{recipe.factory} {parameters}",
        "min_recall": settings.min_recall,
        "build_secs": build_secs,
        "measure_secs": measure_secs,
        "private_gb": (anonymous_bytes() - before) / 1e9,
        f"recall_at_{K}_when_built": found,
        f"recall_at_{K}": recall(search, vectors, images, K),
        "images_per_sec": len(images) / secs,
        "exact_images_per_sec": len(images) / exact_secs,
        "speed_up": exact_secs / secs,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sections", nargs="+", choices=SECTIONS, default=SECTIONS)
    parser.add_argument("--concepts", type=int, default=500_000)
    parser.add_argument("--width", type=int, default=1024)
    parser.add_argument("--images", type=int, default=256)
    parser.add_argument("--machine", default="quiet", help="what else runs: kept with the figures")
    arguments = parser.parse_args()
    threads = len(os.sched_getaffinity(0))
    set_search_threads(threads)
    torch.set_num_threads(threads)
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory(prefix="bench-retrieval-") as folder:
        path = StoragePath.of(folder) / "embeddings.npy"
        write_rows(path, (arguments.concepts, arguments.width), draw_concepts(rng, arguments.concepts, arguments.width))
        vectors = as_array(path, read_mapped(path)).astype(np.float32, copy=False)
        images = draw_images(rng, vectors, arguments.images + MEASURED)
        images, measured = images[: arguments.images], images[arguments.images :]
        about = {"concepts": len(vectors), "width": vectors.shape[1], "threads": threads, "machine": arguments.machine}
        about |= cosines(rng, vectors, images)
        for section in arguments.sections:
            if section == "exact":
                keep("retrieval", **about, **exact(vectors, images))
            else:
                keep(f"retrieval_{section}", **about, **approximate(section, vectors, images, measured))


if __name__ == "__main__":
    main()
