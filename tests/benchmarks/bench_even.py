"""How even ``even`` makes a corpus, how many concepts it keeps, and how far from the bound it ends; beside the others.

    python -m tests.benchmarks.bench_even                        # the synthetic Zipf corpus
    python -m tests.benchmarks.bench_even --run RUN --size 6000  # the annotations of a run, left by deduplicate

The Zipf corpus: concept c of 5,000 has mass ∝ 1/c and belongs to topic c mod 200; an image draws a topic by its mass,
and each of its 8 concepts from the topic or, half the time, from all; 300,000 images, a tenth kept. Selections are
drawn, one a seed, by the passes that the balance stage runs.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.benchmarks.harness import keep
from tests.transforms.balancing.passes import run_passes
from tests.transforms.synthetic_annotations import meaningless_names, write_annotations, write_vocabulary
from transforms.balancing.even.bound import scores, upper_bound
from transforms.balancing.measures import COVERED_IMAGES, covered, normalised_entropy
from transforms.balancing.passes import ShardReader
from transforms.balancing.settings import BalanceSettings
from transforms.balancing.weights import Ids, count_concepts, drop_below
from transforms.datasets import ShardName, list_matrix, read_table
from transforms.keyed import sample_ids
from transforms.remaining import read_remaining
from transforms.run_folder import RunFolder, RunState
from transforms.stages import BALANCE
from transforms.storage import StoragePath

SHARDS = 10
METHODS = ("uniform", "inverse_frequency", "metaclip", "raked", "even")


def zipf_ids(rows: int, n_concepts: int = 5000, topics: int = 200, slots: int = 8) -> Ids:
    """(rows, slots) distinct ids a row; -1 where a concept was drawn twice."""
    random = np.random.default_rng(0)
    mass = 1 / np.arange(1, n_concepts + 1)
    mass /= mass.sum()
    topic_of = np.arange(n_concepts) % topics
    topic = random.choice(topics, rows, p=np.bincount(topic_of, mass))
    ids = random.choice(n_concepts, (rows, slots), p=mass)
    of_topic = random.random((rows, slots)) < 0.5
    for number in range(topics):
        members = np.flatnonzero(topic_of == number)
        row, slot = np.nonzero(of_topic & (topic == number)[:, None])
        ids[row, slot] = random.choice(members, len(row), p=mass[members] / mass[members].sum())
    ids.sort(axis=1)
    ids[:, 1:][ids[:, 1:] == ids[:, :-1]] = -1
    return ids.astype(np.int32)


def annotated_ids(run: str) -> Ids:
    """The concepts that a run's balance stage sees."""
    record = RunState.read(StoragePath.of(run))
    least = float(record.values["config"]["balance"]["min_similarity"])
    found = []
    for path in sorted((record.folder.root / "annotations").walk(), key=str):
        name = ShardName(path.parent.name, path.stem)
        table = read_remaining(record.folder, name, BALANCE, ["concept_ids", "concept_scores"])
        found.append(drop_below(list_matrix(table["concept_ids"]), list_matrix(table["concept_scores"]), least))
    return np.concatenate(found)


def selections(ids: Ids, n_concepts: int, seeds: int, values: dict[str, Any]) -> tuple[NDArray[np.int64], float]:
    """(seeds, V) images of each concept, and the seconds of one run."""
    counts, start = [], time.perf_counter()
    keys = np.array([str(row) for row in range(len(ids))], dtype=object)
    identities = sample_ids("bench", "bench", keys)
    for seed in range(seeds):
        with tempfile.TemporaryDirectory() as root:
            folder = RunFolder(StoragePath.of(root), "f" * 16)
            names = [ShardName("bench", f"{number:03d}") for number in range(SHARDS)]
            for number, name in enumerate(names):
                rows = np.arange(number, len(ids), SHARDS)
                write_annotations(folder, name, list(keys[rows]), identities[rows], ids[rows])
            write_vocabulary(folder, meaningless_names(n_concepts))
            settings = BalanceSettings.model_validate({**values, "seed": seed})
            run_passes(ShardReader(folder, settings), names, n_concepts)
            counts.append(read_table(folder.concepts, folder.fingerprint)["count_after"].to_numpy())
    return np.stack(counts), (time.perf_counter() - start) / seeds


def gap_to_bound(ids: Ids, after: NDArray[np.int64], size: int) -> float:
    """The bound of any selection's normalised entropy, less that of (V,) ``after``."""
    present = count_concepts(ids, len(after)) > 0
    smoothed = np.maximum(after, 0.5)  # the bound holds for any distribution that is positive
    cost = -np.log(smoothed / smoothed[present].sum())
    bound = upper_bound(scores(ids, (ids.max(axis=1) < 0).astype(np.int64), cost), (size, 0), 1)
    return bound / float(np.log(present.sum())) - normalised_entropy(after[present])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", help="a run folder; without: the synthetic Zipf corpus")
    parser.add_argument("--rows", type=int, default=300_000, help="of the Zipf corpus")
    parser.add_argument("--size", type=int, help="images to choose; without: a tenth")
    parser.add_argument("--seeds", type=int, default=20, help="selections by even; the others are drawn once")
    parser.add_argument("--only", nargs="*", help="some of the cases; without: all")
    arguments = parser.parse_args()
    ids = annotated_ids(arguments.run) if arguments.run else zipf_ids(arguments.rows)
    n_concepts, size = int(ids.max()) + 1, arguments.size or len(ids) // 10
    before = count_concepts(ids, n_concepts)
    cases: dict[str, dict[str, Any]] = {name: {"method": name} for name in METHODS}
    cases["even_no_floor"] = {"method": "even", "even": {"floor": 0}}
    cases["even_beta_100"] = {"method": "even", "even": {"beta": 100}}
    cases["even_5_percent"] = {"method": "even", "max_sample_rows": len(ids) // 20}
    figures: dict[str, Any] = {"possible": covered(before, COVERED_IMAGES)}
    for label, values in cases.items():
        if arguments.only and label not in arguments.only:
            continue
        seeds = arguments.seeds if values["method"] == "even" else 1
        after, secs = selections(ids, n_concepts, seeds, {**values, "size": size})
        entropy = [normalised_entropy(one[before > 0]) for one in after]
        figures[f"{label}_entropy_min"], figures[f"{label}_entropy_mean"] = min(entropy), float(np.mean(entropy))
        figures[f"{label}_covered_min"] = min(covered(one, COVERED_IMAGES) for one in after)
        figures[f"{label}_gap_to_bound"] = gap_to_bound(ids, after[0], size)
        figures[f"{label}_secs"] = secs
    keep("even" if arguments.run else "even_zipf", rows=len(ids), size=size, seeds=arguments.seeds, **figures)


if __name__ == "__main__":
    main()
