"""What balancing is worth to a model, where rare things ride with common ones: two hours, two cores.

    python -m tests.benchmarks.bench_balanced_scenes

A raw corpus shows two to four things a picture, as unevenly as crawled corpora do; captions list them; a rare thing
mostly stands beside one common one. From each of the raw corpora, a seed each, every arm selects equally many pictures
by the concepts that the tiny encoder retrieves, and a tiny model learns their captions (stage 1 of the tiny recipe, as
many steps for each arm): merger and language model from random weights, on a tower that can see and cannot name, as the
real recipe begins with Rice. A seed decides the pictures, the selection, the first weights and the order; the tower is
one for all. Judged is whether a greedy caption names a thing of a held-out picture, on three sets: ``flat``, each thing
as often and beside all others alike; ``natural``, as in the corpus; ``apart``, rare things beside their companion and
without it, each as often.

What is tested was fixed before the first run and is tested alone: ``PRIMARY`` of ``scene_outcomes``. All else is
exploratory, its p values adjusted by Holm's method. Whatever is found stands, with the counts it comes from; what is
there is not done again.

Sizes were settled on a seed apart (100), by what ``uniform`` learns: with a random tower, and names listed in an order
by chance, its recall on ``flat`` was 0.06 however the steps were dealt (``even``, tried there twice, 0.05 and 0.04): no
model saw anything, and no arm could have been told from another.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import pathlib
import shutil
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch
from numpy.typing import NDArray
from rich.console import Console

from model.checkpoints.hub import load_model
from model.evaluation import answers
from model.train import train
from pipelines.packaged_configs import CONFIGS
from pipelines.train_tiny import pack_pictures, write_stage0
from tests.benchmarks.bench_balanced_training import draw
from tests.benchmarks.harness import RESULTS, keep
from tests.benchmarks.listed_scenes import COMMON, THINGS, ListedScene, listed_scene
from tests.benchmarks.region_tower import train_tower
from tests.benchmarks.scene_outcomes import TESTS, figures, plot
from transforms.balancing.in_memory import balance_table
from transforms.balancing.settings import BalanceSettings
from transforms.conversations.document import Document, Text
from transforms.datasets import ShardName, list_matrix
from transforms.packing.layouts.native_reader import PackedSet
from transforms.remaining import read_remaining
from transforms.run_folder import RunState
from transforms.stages import BALANCE
from transforms.storage import StoragePath

#: Settings of balance for each arm; None: all pictures, learnt from for as many steps.
ARMS: dict[str, dict[str, Any] | None] = {
    "uniform": {"method": "uniform"},
    "inverse_frequency": {"method": "inverse_frequency"},
    "metaclip": {"method": "metaclip"},
    "raked": {"method": "raked"},
    "even": {"method": "even"},
    "optimum": {"method": "even", "even": {"beta": 1000, "floor": 0}},  # of entropy, without chance or guarantee
    "even_wrong": {"method": "even"},  # with a tenth of what was retrieved replaced
    "full": None,
}
PICTURE = pathlib.Path(__file__).parents[2] / ".github" / "images" / "balanced_scenes.png"
_WRONG_SHARE = 0.1
_HELD_OUT_SEED = 10_000  # apart from all raw corpora
_ANSWER_TOKENS = 48
_BUILD = os.path.join(CONFIGS, "build", "mini.yaml")
_STAGE = os.path.join(CONFIGS, "train", "tiny-stage1.yaml")
_PACKS_A_STEP = 2  # 34 pictures: with four, half as much is learnt of as many pictures
_TOWER_PICTURES, _TOWER_STEPS = 12_000, 1_600
_INDEX = {thing.name: number for number, thing in enumerate(THINGS)}


def held_out(test: str, number: int) -> list[ListedScene]:
    """``number`` pictures of each thing, or as many in all as the corpus would show."""
    seed = _HELD_OUT_SEED + TESTS.index(test)
    if test == "natural":
        return [listed_scene(seed, index) for index in range(number * len(THINGS))]
    asked = [thing for thing in THINGS if test == "flat" or thing not in COMMON for _ in range(number)]
    apart = [None] * len(asked) if test == "flat" else [index % 2 == 0 for index in range(len(asked))]
    exponent = 0.0 if test == "flat" else 1.0
    return [listed_scene(seed, index, thing, exponent, apart[index]) for index, thing in enumerate(asked)]


def prepare_seed(root: pathlib.Path, seed: int, raw: int, size: int) -> None:
    """The raw corpus of a seed, its annotations, and the pictures that each arm selects, packed."""
    console, place = Console(), StoragePath.of(root)
    pictures = [listed_scene(seed, index) for index in range(raw)]
    folder = root / f"raw-{seed}"
    if not folder.is_dir():
        draw(folder, [(one.jpeg, one.caption) for one in pictures])
    run = root / f"run-{seed}"
    overrides = ["balance.method=uniform", "sources.0.language=en"]
    command = ["build", _BUILD, "--input", folder, "--output", run, "--size", size]
    command += [part for override in overrides for part in ("--set", override)]
    subprocess.run([sys.executable, "-m", "pipelines.main", *map(str, command)], check=True)
    if not (root / f"stage0-{seed}").is_dir():
        write_stage0_that_sees(root, seed)
    annotations = annotations_of(run)
    for arm, settings in ARMS.items():
        chosen = root / f"chosen-{arm}-{seed}"
        if not chosen.is_dir():
            rows = range(raw) if settings is None else selected(annotations, arm, settings, size, seed)
            draw(chosen, [(pictures[row].jpeg, pictures[row].caption) for row in rows])
        pack_pictures(place / f"packs-{arm}-{seed}", "webdataset", StoragePath.of(chosen), console)


def write_tower(root: pathlib.Path, processes: int) -> None:
    """``tower/``: a model whose tower can see; all else of it is not used. ``tower.json``: how well it does."""
    if not (root / "tower.json").is_file():
        write_stage0(str(root / "tower"), seed=0)
        torch.manual_seed(0)
        model = load_model(root / "tower")
        right = train_tower(model.model.visual, _TOWER_PICTURES, _TOWER_STEPS, processes)
        model.save_pretrained(root / "tower")
        (root / "tower.json").write_text(json.dumps({"tower_held_out_regions_right": right}))


def write_stage0_that_sees(root: pathlib.Path, seed: int) -> None:
    """Merger and language model of random weights of their own, behind the one tower."""
    folder, begun = root / f"stage0-{seed}", root / f"stage0-{seed}.partial"
    shutil.rmtree(begun, ignore_errors=True)
    write_stage0(str(begun), seed)
    model, tower = load_model(begun), load_model(root / "tower").model.visual.state_dict()
    kept = {name: weight for name, weight in tower.items() if not name.startswith("merger.")}
    model.model.visual.load_state_dict(kept, strict=False)
    model.save_pretrained(begun)
    begun.rename(folder)


def annotations_of(run: pathlib.Path) -> pa.Table:
    state = RunState.read(StoragePath.of(run))
    root = state.folder.root / "annotations"
    names = [ShardName(path.parent.name, path.stem) for path in sorted(root.walk(), key=str)]
    columns = ["source", "shard", "key", "sample_id", "concept_ids", "concept_scores"]
    return pa.concat_tables([read_remaining(state.folder, name, BALANCE, columns) for name in names])


def selected(annotations: pa.Table, arm: str, settings: Mapping[str, Any], size: int, seed: int) -> list[int]:
    """The pictures that an arm selects, by their number."""
    if arm == "even_wrong":
        annotations = with_wrong_concepts(annotations, seed)
    wanted = {"size": size, "seed": seed, "min_similarity": 0.2, **settings}
    chosen = balance_table(annotations, BalanceSettings.model_validate(wanted))
    return [int(key) for key in chosen["key"].to_pylist()]


def with_wrong_concepts(annotations: pa.Table, seed: int) -> pa.Table:
    """A tenth of the concepts, as others by chance."""
    ids, random = list_matrix(annotations["concept_ids"]).copy(), np.random.default_rng(seed)
    wrong = random.random(ids.shape) < _WRONG_SHARE
    ids[wrong] = random.integers(0, int(ids.max()) + 1, int(wrong.sum()))
    column = pa.FixedSizeListArray.from_arrays(pa.array(ids.ravel(), pa.int32()), ids.shape[1])
    return annotations.set_column(annotations.schema.get_field_index("concept_ids"), "concept_ids", column)


def train_one(root: pathlib.Path, arm: str, seed: int, steps: int) -> None:
    """``answers-<arm>-<seed>.json``: for each test, pairs of the things that a picture shows and the answer."""
    output = root / f"trained-{arm}-{seed}"
    places = {"output": output, "model": root / f"stage0-{seed}", "data.packs": [root / f"packs-{arm}-{seed}"]}
    changed = {"data.seed": seed, "steps": steps, "batch.packs": _PACKS_A_STEP}
    train(_STAGE, [f"{key}={json.dumps(value, default=str)}" for key, value in {**places, **changed}.items()])
    folder = str(output / "model")
    model = load_model(folder)
    record = {}
    for test in TESTS:
        given = answers(model, folder, str(root / f"packs-{test}"), most=10**9, max_tokens=_ANSWER_TOKENS, at_once=32)
        record[test] = [(one.wanted, one.given.strip()) for one in given]
    (root / f"answers-{arm}-{seed}.json").write_text(json.dumps(record))


def counts(root: pathlib.Path, seeds: int) -> pa.Table:
    """A row for each arm, seed, test and thing: pictures it was trained on, held-out ones shown, and named."""
    rows = []
    for arm in ARMS:
        for seed in range(seeds):
            trained = trained_on(root, arm, seed)
            record = json.loads((root / f"answers-{arm}-{seed}.json").read_text())
            for test in TESTS:
                found = np.zeros((2, len(THINGS)), np.int64)
                for wanted, given in record[test]:
                    named = set(given.split(", "))
                    for name in wanted.split(", "):
                        found[:, _INDEX[name]] += (1, name in named)
                columns = zip(trained.tolist(), *found.tolist(), strict=True)
                rows += [(arm, seed, test, thing, *column) for thing, column in enumerate(columns)]
    names = ("arm", "seed", "test", "thing", "trained", "shown", "named")
    return pa.table(dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)))


def trained_on(root: pathlib.Path, arm: str, seed: int) -> NDArray[np.int64]:
    """(V,) pictures of each thing in what an arm selected."""
    packed = PackedSet.open(str(root / f"packs-{arm}-{seed}"))
    captions = (caption_of(document) for index in range(len(packed)) for document in packed.read(index).documents)
    shown = [_INDEX[name] for caption in captions for name in caption.split(", ")]
    return np.bincount(shown, minlength=len(THINGS))


def caption_of(document: Document) -> str:
    return "".join(part.text for part in document.messages[-1].content if isinstance(part, Text))


def prepare_all(root: pathlib.Path, seeds: int, raw: int, size: int, held_out_number: int, jobs: int) -> None:
    for test in TESTS:
        if not (root / test).is_dir():
            draw(root / test, [(one.jpeg, one.caption) for one in held_out(test, held_out_number)])
        pack_pictures(StoragePath.of(root / f"packs-{test}"), "webdataset", StoragePath.of(root / test), Console())
    write_tower(root, jobs)
    with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        list(pool.map(partial(prepare_seed, root, raw=raw, size=size), range(seeds)))


def train_all(root: pathlib.Path, seeds: int, steps: int, jobs: int) -> None:
    """A process a seed, a thread a process."""

    def run(seed: int) -> None:
        command = [sys.executable, "-m", "tests.benchmarks.bench_balanced_scenes", "--folder", str(root)]
        command += ["--one", str(seed), "--steps", str(steps)]
        with (root / f"train-{seed}.log").open("a") as log:
            environment = {**os.environ, "OMP_NUM_THREADS": "1"}
            subprocess.run(command, check=True, env=environment, stdout=log, stderr=subprocess.STDOUT)
        print("trained all arms of seed", seed, flush=True)

    with ThreadPoolExecutor(jobs) as pool:
        list(pool.map(run, range(seeds)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", default="runs/balanced-scenes")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--raw", type=int, default=6000, help="pictures of a raw corpus")
    parser.add_argument("--size", type=int, default=1500, help="pictures that each arm selects")
    parser.add_argument("--held-out", type=int, default=2, help="held-out pictures of each thing and test")
    parser.add_argument("--steps", type=int, default=340)
    parser.add_argument("--jobs", type=int, default=2, help="models trained at once")
    parser.add_argument("--one", type=int, metavar="SEED", help="train only the arms of this one, from what is there")
    options = parser.parse_args()
    root = pathlib.Path(options.folder).absolute()
    if options.one is not None:
        for arm in ARMS:
            if not (root / f"answers-{arm}-{options.one}.json").is_file():
                train_one(root, arm, options.one, options.steps)
        return
    root.mkdir(parents=True, exist_ok=True)
    prepare_all(root, options.seeds, options.raw, options.size, options.held_out, options.jobs)
    train_all(root, options.seeds, options.steps, options.jobs)
    found = counts(root, options.seeds)
    pq.write_table(found, RESULTS / "balanced_scenes.parquet", compression="zstd")
    PICTURE.write_bytes(plot(found))
    asked = {key: value for key, value in vars(options).items() if key not in ("folder", "one", "jobs")}
    tower = json.loads((root / "tower.json").read_text())
    keep("balanced_scenes", things=len(THINGS), **asked, **tower, **figures(found))


if __name__ == "__main__":
    main()
