"""Concepts found for images: exact search beside a bare FAISS index, and what approximate ones gain and lose.

Half a million concepts lie in clusters, as words do; images lie apart from them, as those of CLIP do, each near to some
concepts. Both sides of each ratio take turns in one run, with the same threads. Approximate indexes are built of fewer
concepts, beside exact search of as many: lists take minutes, and a graph one thread, so that it is the same each time.

    python -m tests.benchmarks.bench_retrieval
"""

from __future__ import annotations

import argparse
import os
import pathlib
import tempfile
import time
from collections.abc import Callable
from typing import Any

import faiss
import numpy as np
import torch
from numpy.typing import NDArray

from tests.benchmarks.harness import keep
from transforms.annotating.indexes import EXACT, INDEXES, PRODUCT
from transforms.annotating.indexes.approximate import BuiltSearch, build_index
from transforms.annotating.indexes.built import recall
from transforms.annotating.indexes.index import BuiltKind
from transforms.annotating.retriever import set_search_threads
from transforms.annotating.settings import IndexSettings
from transforms.arrays_at_rest import as_array, read_mapped, write_array
from transforms.storage import StoragePath

K = 10
CONCEPTS_A_CLUSTER = 100
CPU = torch.device("cpu")


def unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows


def draw_concepts(rng: np.random.Generator, concepts: int, width: int) -> NDArray[np.float32]:
    """Clusters of uneven size; a concept has a cosine of about 0.5 with the middle of its own."""
    middles = unit(rng.standard_normal((concepts // CONCEPTS_A_CLUSTER, width), np.float32))
    owners = np.minimum(rng.pareto(1, concepts) * len(middles) / 8, len(middles) - 1).astype(int)
    found = np.empty((concepts, width), np.float32)
    for start in range(0, concepts, 1 << 14):
        some = slice(start, start + (1 << 14))
        noise = unit(rng.standard_normal((len(owners[some]), width), np.float32))
        found[some] = unit(0.6 * middles[owners[some]] + noise)
    return found


def draw_images(rng: np.random.Generator, concepts: NDArray[np.float32], images: int) -> NDArray[np.float32]:
    """Each near to four concepts (cosines of 0.2 and more), and all in one direction, apart from the concepts."""
    width = concepts.shape[1]
    shown = concepts[rng.integers(0, len(concepts), (images, 4))].sum(axis=1) / 2
    apart, own = (unit(rng.standard_normal((rows, width), np.float32)) for rows in (1, images))
    return unit((shown + 1.2 * apart + own).astype(np.float32))


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


def exact(path: StoragePath, images: NDArray[np.float32]) -> dict[str, float]:
    """Ours from the file, a bare index of its own copy, and the product in torch."""
    tensor = torch.from_numpy(images)
    vectors = as_array(path, read_mapped(path)).astype(np.float32, copy=False)
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


def approximate(name: str, vectors: NDArray[np.float32], images: NDArray[np.float32]) -> dict[str, Any]:
    kind = INDEXES[name]
    assert isinstance(kind, BuiltKind)
    recipe = kind.recipe(len(vectors), IndexSettings(kind=name))  # type: ignore[arg-type]
    start = time.perf_counter()
    search = BuiltSearch(build_index(vectors, recipe), CPU)
    build_secs = time.perf_counter() - start
    tensor, all_of_them = torch.from_numpy(images), EXACT.open(vectors, CPU)
    secs, exact_secs = in_turns(lambda: search(tensor, K), lambda: all_of_them(tensor, K))
    return {
        f"{name}_concepts": len(vectors),
        f"{name}_recipe": f"{recipe.factory} {recipe.parameters}",
        f"{name}_build_secs": build_secs,
        f"{name}_recall_at_{K}": recall(search, vectors, images, K),
        f"{name}_images_per_sec": len(images) / secs,
        f"{name}_speed_up": exact_secs / secs,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--concepts", type=int, default=500_000)
    parser.add_argument("--list-concepts", type=int, default=100_000, help="that an index of lists is built of")
    parser.add_argument("--graph-concepts", type=int, default=20_000, help="that a graph is built of")
    parser.add_argument("--width", type=int, default=1024)
    parser.add_argument("--images", type=int, default=64)
    arguments = parser.parse_args()
    threads = len(os.sched_getaffinity(0))
    set_search_threads(threads)
    torch.set_num_threads(threads)
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        path = StoragePath.of(folder) / "embeddings.npy"
        concepts = draw_concepts(rng, arguments.concepts, arguments.width)
        images = draw_images(rng, concepts, arguments.images)
        write_array(path, concepts)
        del concepts
        figures: dict[str, Any] = exact(path, images)
        print(figures, flush=True)
        vectors = as_array(path, read_mapped(path)).astype(np.float32, copy=False)
        for kind, size in (("ivf", arguments.list_concepts), ("hnsw", arguments.graph_concepts)):
            some = draw_concepts(rng, min(size, len(vectors)), arguments.width)
            figures |= approximate(kind, some, draw_images(rng, some, arguments.images))
            print(figures, flush=True)
    figures["load_average"] = os.getloadavg()[0]  # of other work too, which both sides of a ratio share
    keep("retrieval", concepts=arguments.concepts, width=arguments.width, threads=threads, **figures)


if __name__ == "__main__":
    main()
