"""How even ``even`` makes a corpus, how many concepts it keeps, and how far from the bound it ends; beside the others.

    python -m tests.benchmarks.bench_even                        # the synthetic Zipf corpus
    python -m tests.benchmarks.bench_even --strata               # the same in six languages, with a size each
    python -m tests.benchmarks.bench_even --run RUN --size 6000  # the annotations of a run, left by deduplicate

The Zipf corpus: concept c of 5,000 has mass ∝ 1/c, and concepts are dealt to 200 topics; an image draws a topic by its
mass, and each of its 8 concepts from the topic or, half the time, from all; 300,000 images, a tenth kept. In strata,
one language has half of the images and the rarest a hundredth, and most images of all but the first show other things;
the sizes asked for are nearly equal, 2,500 of the rarest's 3,000. Selections are drawn, one a seed, by the passes that
the balance stage runs; bounds are those of its certificate.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tests.benchmarks.harness import keep
from tests.transforms.balancing.corpus import count_concepts
from tests.transforms.balancing.passes import run_passes
from tests.transforms.synthetic_annotations import meaningless_names, write_annotations, write_vocabulary
from transforms.balancing.certificate import read_certificate
from transforms.balancing.concept_ids import Ids, drop_below
from transforms.balancing.measures import COVERED_IMAGES, covered, normalised_entropy
from transforms.balancing.passes import ShardReader
from transforms.balancing.settings import BalanceSettings
from transforms.datasets import ShardName, list_matrix, read_table
from transforms.keyed import sample_ids
from transforms.remaining import read_remaining
from transforms.run_folder import RunFolder, RunState
from transforms.stages import BALANCE
from transforms.storage import StoragePath

SHARDS = 10
METHODS = ("uniform", "inverse_frequency", "metaclip", "raked", "even")
LANGUAGES = {"a": 0.5, "b": 0.3, "c": 0.1, "d": 0.05, "e": 0.04, "f": 0.01}  # and their shares of the images


def zipf_ids(rows: int, n_concepts: int = 5000, topics: int = 200, slots: int = 8) -> Ids:
    """(rows, slots) ids; one that was drawn twice for an image counts twice."""
    random = np.random.default_rng(0)
    mass = 1 / np.arange(1, n_concepts + 1)
    mass /= mass.sum()
    topic_of = random.permutation(np.arange(n_concepts) % topics)
    topic = random.choice(topics, rows, p=np.bincount(topic_of, mass))
    ids = random.choice(n_concepts, (rows, slots), p=mass)
    of_topic = random.random((rows, slots)) < 0.5
    for number in range(topics):
        members = np.flatnonzero(topic_of == number)
        row, slot = np.nonzero(of_topic & (topic == number)[:, None])
        ids[row, slot] = random.choice(members, len(row), p=mass[members] / mass[members].sum())
    return ids.astype(np.int32)


def in_languages(ids: Ids) -> tuple[Ids, NDArray[np.str_]]:
    """(N, K) ids and (N,) the language of each; of 7 in 10 images of all but the first they are dealt anew."""
    random = np.random.default_rng(1)
    langs = random.choice(list(LANGUAGES), len(ids), p=list(LANGUAGES.values()))
    others = random.permutation(int(ids.max()) + 1).astype(np.int32)
    is_other = (langs != "a") & (random.random(len(ids)) < 0.7)
    return np.where(is_other[:, None], others[ids], ids), langs


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


class Drawn(NamedTuple):
    """The selections of one case, a row a seed."""

    counts: NDArray[np.int64]  # (seeds, V) images of each concept
    certificates: list[dict[str, Any]]
    secs: float  # of one


def balanced(
    root: str, ids: Ids, n_concepts: int, values: dict[str, Any], langs: NDArray[np.str_] | None = None
) -> RunFolder:
    """A run folder of ``ids``, a row an image, balanced by ``values``."""
    folder = RunFolder(StoragePath.of(root), "f" * 16)
    names = [ShardName("bench", f"{number:03d}") for number in range(SHARDS)]
    keys = np.array([str(row) for row in range(len(ids))], dtype=object)
    identities = sample_ids("bench", "bench", keys)
    for number, name in enumerate(names):
        rows = np.arange(number, len(ids), SHARDS)
        columns = {} if langs is None else {"lang": pa.array(langs[rows].tolist())}
        write_annotations(folder, name, list(keys[rows]), identities[rows], ids[rows], **columns)
    write_vocabulary(folder, meaningless_names(n_concepts))
    run_passes(ShardReader(folder, BalanceSettings.model_validate(values)), names, n_concepts)
    return folder


def selections(
    ids: Ids, n_concepts: int, seeds: int, values: dict[str, Any], langs: NDArray[np.str_] | None = None
) -> Drawn:
    counts, certificates, start = [], [], time.perf_counter()
    for seed in range(seeds):
        with tempfile.TemporaryDirectory() as root:
            folder = balanced(root, ids, n_concepts, {**values, "seed": seed}, langs)
            counts.append(read_table(folder.concepts, folder.fingerprint)["count_after"].to_numpy())
            certificates.append(read_certificate(folder))
    return Drawn(np.stack(counts), certificates, (time.perf_counter() - start) / seeds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", help="a run folder; without: the synthetic Zipf corpus")
    parser.add_argument("--strata", action="store_true", help="the Zipf corpus in six languages, by even alone")
    parser.add_argument("--rows", type=int, default=300_000, help="of the Zipf corpus")
    parser.add_argument("--size", type=int, help="images to choose; without: a tenth")
    parser.add_argument("--seeds", type=int, default=20, help="selections by even; the others are drawn once")
    parser.add_argument("--only", nargs="*", help="some of the cases; without: all")
    arguments = parser.parse_args()
    ids, langs = annotated_ids(arguments.run) if arguments.run else zipf_ids(arguments.rows), None
    n_concepts, size = int(ids.max()) + 1, arguments.size or len(ids) // 10
    cases: dict[str, dict[str, Any]] = {name: {"method": name} for name in METHODS}
    cases["even_no_floor"] = {"method": "even", "even": {"floor": 0}}
    cases["even_beta_100"] = {"method": "even", "even": {"beta": 100}}
    for percent in (5, 2, 1):
        cases[f"even_{percent}_percent"] = {"method": "even", "max_sample_rows": len(ids) * percent // 100}
    if arguments.strata:
        ids, langs = in_languages(ids)
        sizes = {**dict.fromkeys(LANGUAGES, size // 6), "f": size // 12}
        size = sum(sizes.values())
        in_strata = {"strata": {"by": "lang", "sizes": sizes}}
        cases = {name: {**values, **in_strata} for name, values in cases.items() if values["method"] == "even"}
    before = count_concepts(ids, n_concepts)
    figures: dict[str, Any] = {"possible": covered(before, COVERED_IMAGES)}
    for label, values in cases.items():
        if arguments.only and label not in arguments.only:
            continue
        seeds = arguments.seeds if values["method"] == "even" else 1
        drawn = selections(ids, n_concepts, seeds, {**values, "size": size}, langs)
        entropy = [normalised_entropy(one[before > 0]) for one in drawn.counts]
        figures[f"{label}_entropy_min"], figures[f"{label}_entropy_mean"] = min(entropy), float(np.mean(entropy))
        figures[f"{label}_covered_min"] = min(covered(one, COVERED_IMAGES) for one in drawn.counts)
        for name in ("expected", "gap", "gap_with_floors"):
            figures[f"{label}_{name}"] = drawn.certificates[0]["evenness"][name]
        if passes := (drawn.certificates[0]["fit"] or {"passes": []})["passes"]:
            figures[f"{label}_passes"] = passes
        figures[f"{label}_free_draws"] = drawn.certificates[0]["chance"]["free_draws"]
        figures[f"{label}_exchanged"] = (drawn.certificates[0]["floor"] or {"exchanged": 0})["exchanged"]
        figures[f"{label}_secs"] = drawn.secs
    name = "even" if arguments.run else "even_strata" if arguments.strata else "even_zipf"
    keep(f"{name}_part" if arguments.only else name, rows=len(ids), size=size, seeds=arguments.seeds, **figures)


if __name__ == "__main__":
    main()
