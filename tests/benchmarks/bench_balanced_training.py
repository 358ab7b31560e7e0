"""What balancing is worth to a model: ``python -m tests.benchmarks.bench_balanced_training``; half an hour, two cores.

The claim of concept balancing, in miniature. A raw corpus shows one thing a picture, as unevenly as crawled corpora do
(the commonest 125 times as often as the rarest). Two corpora of one size are built from it by the main job, one
``raked``, one ``uniform`` (a random draw), and a tiny model learns the captions of each from random weights (stages 1
and 1.5 of the tiny recipe). It is judged by exact match: the greedy caption of held-out pictures, equally many of each
concept, must be the concept's name. A seed decides the selections, the first weights and the order of the packs.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import altair as alt
import numpy as np
import vl_convert
from numpy.typing import NDArray
from rich.console import Console

from model.checkpoints.hub import load_model
from model.evaluation import answers
from model.train import train
from pipelines.train_tiny import CONFIGS, pack_pictures, write_stage0
from tests.benchmarks.harness import keep
from transforms.miniature.questions import NAMEABLE, named_picture
from transforms.reporting.charts import SERIES_COLOURS, TEXT_COLOUR
from transforms.storage import StoragePath
from transforms.tar.writer import TarStream

METHODS = ("raked", "uniform")
THIRDS = ("common", "middling", "rare")
BUILD = os.path.join(CONFIGS, "build", "mini.yaml")
PICTURE = pathlib.Path(__file__).parents[2] / ".github" / "images" / "balanced_training.png"
_RAW, _HELD_OUT = 21, 22  # seeds of pictures
_PICTURES_PER_SHARD = 1000
_RANK = {concept.name: rank for rank, concept in enumerate(NAMEABLE)}


def draw(folder: pathlib.Path, pictures: list[tuple[bytes, str]]) -> None:
    """Tars of captioned pictures, as a user would bring them."""
    folder.mkdir(parents=True)
    for first in range(0, len(pictures), _PICTURES_PER_SHARD):
        with (folder / f"{first // _PICTURES_PER_SHARD:05d}.tar").open("wb") as stream:
            tar = TarStream(stream)
            for index, (jpeg, name) in enumerate(pictures[first : first + _PICTURES_PER_SHARD], first):
                tar.add(f"{index:08d}.jpg", jpeg)
                tar.add(f"{index:08d}.txt", name.encode())
            tar.finish()


def build(root: pathlib.Path, method: str, seed: int, size: int) -> StoragePath:
    """The corpus of one method and seed; all are selected from the annotations of the first."""
    first, run = root / "run-raked-0", root / f"run-{method}-{seed}"
    settings = {"balance.method": method, "balance.seed": seed, "sources.0.language": "en"}
    if run != first:
        settings["reuse"] = str(first)
    overrides = [part for key, value in settings.items() for part in ("--set", f"{key}={value}")]
    command = ["build", BUILD, "--input", root / "raw", "--output", run, "--size", size, *overrides]
    subprocess.run([sys.executable, "-m", "pipelines.main", *map(str, command)], check=True)
    return StoragePath.of(run)


def prepare(root: pathlib.Path, seeds: int, raw: int, size: int, held_out: int) -> None:
    """All corpora, packs and first weights; what is there is kept."""
    console = Console()
    if not (root / "raw").is_dir():
        asked = [concept for concept in NAMEABLE for _ in range(held_out)]
        draw(root / "held-out", [named_picture(_HELD_OUT, index, concept) for index, concept in enumerate(asked)])
        draw(root / "raw", [named_picture(_RAW, index) for index in range(raw)])
    place = StoragePath.of(root)
    pack_pictures(place / "packs-held-out", "webdataset", place / "held-out", console)
    for seed in range(seeds):
        if not (root / f"stage0-{seed}").is_dir():
            write_stage0(str(root / f"stage0-{seed}"), seed)
        for method in METHODS:
            shards = build(root, method, seed, size) / "shards"
            pack_pictures(place / f"packs-{method}-{seed}", "webdataset", shards, console)


def train_stages(root: pathlib.Path, method: str, seed: int, steps: list[int]) -> str:
    """Two stages on the packs of a method and seed; returns the folder of the model."""
    before = str(root / f"stage0-{seed}")
    for stage, count in zip(("stage1", "stage1.5"), steps, strict=True):
        output = str(root / f"{stage}-{method}-{seed}")
        packs = [str(root / f"packs-{method}-{seed}")]
        places = {"output": output, "model": before, "data.packs": packs, "data.seed": seed, "steps": count}
        places |= {"batch.packs": 4}  # the tiny recipe's own is smaller
        config = os.path.join(CONFIGS, "train", f"tiny-{stage}.yaml")
        train(config, [f"{key}={json.dumps(value)}" for key, value in places.items()])
        before = os.path.join(output, "model")
    return before


def train_one(root: pathlib.Path, method: str, seed: int, steps: list[int]) -> None:
    """``answers-<method>-<seed>.json``: pairs of what a held-out picture shows and the answer of the trained model."""
    before = train_stages(root, method, seed, steps)
    given = answers(load_model(before), before, str(root / "packs-held-out"), most=10**9)
    record = json.dumps([(one.wanted, one.given.strip()) for one in given])
    (root / f"answers-{method}-{seed}.json").write_text(record)


def train_all(root: pathlib.Path, seeds: int, steps: list[int], jobs: int) -> None:
    """A process a model, a thread a process."""

    def run(which: tuple[str, int]) -> None:
        method, seed = which
        if not (root / f"answers-{method}-{seed}.json").is_file():
            own = ["--folder", str(root), "--one", method, str(seed), "--steps", *map(str, steps)]
            with (root / f"train-{method}-{seed}.log").open("w") as log:
                command = [sys.executable, "-m", "tests.benchmarks.bench_balanced_training", *own]
                environment = {**os.environ, "OMP_NUM_THREADS": "1"}
                subprocess.run(command, check=True, env=environment, stdout=log, stderr=subprocess.STDOUT)
            print("trained", method, seed, flush=True)

    with ThreadPoolExecutor(jobs) as pool:
        list(pool.map(run, [(method, seed) for seed in range(seeds) for method in METHODS]))


def accuracies(root: pathlib.Path, method: str, seeds: int) -> NDArray[np.float64]:
    """(seeds, 4): exact match of all held-out pictures, and of the common, middling and rare third of concepts."""
    found = []
    for seed in range(seeds):
        pairs = json.loads((root / f"answers-{method}-{seed}.json").read_text())
        third = np.array([len(THIRDS) * _RANK[wanted] // len(NAMEABLE) for wanted, _ in pairs])
        right = np.array([wanted == given for wanted, given in pairs])
        found.append([right.mean(), *(right[third == number].mean() for number in range(len(THIRDS)))])
    return np.array(found)


def plot(scores: dict[str, NDArray[np.float64]]) -> bytes:
    """PNG: bars for the means of the seeds, a dot for each seed."""
    names = {"raked": "trained on the balanced corpus", "uniform": "trained on a random one of the same size"}
    groups = ("all concepts", *(f"{third} third" for third in THIRDS))
    rows = [
        {"corpus": names[method], "concepts": group, "exact match": float(score)}
        for method in METHODS
        for seed_scores in scores[method]
        for group, score in zip(groups, seed_scores, strict=True)
    ]
    colours = alt.Scale(domain=list(names.values()), range=[SERIES_COLOURS["after"], SERIES_COLOURS["random"]])
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        x=alt.X("concepts:N", sort=list(groups), title=None, axis=alt.Axis(labelAngle=0, ticks=False)),
        xOffset=alt.XOffset("corpus:N", sort=list(names.values())),
    )
    bars = base.mark_bar(opacity=0.85).encode(
        y=alt.Y(
            "mean(exact match):Q", title="exact match on held-out pictures", axis=alt.Axis(format="%", domain=False)
        ),
        color=alt.Color("corpus:N", scale=colours, legend=alt.Legend(title=None, orient="top", labelLimit=400)),
    )
    dots = base.mark_circle(color=TEXT_COLOUR, size=22, opacity=1).encode(y="exact match:Q")
    chart = alt.layer(bars, dots).properties(width=560, height=260, background="white")
    return vl_convert.vegalite_to_png(chart.configure_view(stroke=None).to_dict(), scale=2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", default="runs/balanced-training")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--raw", type=int, default=12_000, help="pictures of the raw corpus")
    parser.add_argument("--size", type=int, default=3000, help="pictures of each corpus that is learnt")
    parser.add_argument("--held-out", type=int, default=4, help="held-out pictures of each concept")
    parser.add_argument("--steps", type=int, nargs=2, default=[40, 300], help="of stages 1 and 1.5")
    parser.add_argument("--jobs", type=int, default=2, help="models trained at once")
    parser.add_argument("--one", nargs=2, metavar=("METHOD", "SEED"), help="train only this one, from what is there")
    options = parser.parse_args()
    root = pathlib.Path(options.folder).absolute()
    if options.one:
        train_one(root, options.one[0], int(options.one[1]), options.steps)
        return
    root.mkdir(parents=True, exist_ok=True)
    prepare(root, options.seeds, options.raw, options.size, options.held_out)
    train_all(root, options.seeds, options.steps, options.jobs)
    scores = {method: accuracies(root, method, options.seeds) for method in METHODS}
    PICTURE.write_bytes(plot(scores))
    figures = {}
    for number, name in enumerate(("all", *THIRDS)):
        for method in METHODS:
            column = scores[method][:, number]
            figures[f"{method}_{name}_mean"] = float(column.mean())
            figures[f"{method}_{name}_seeds"] = [round(float(value), 4) for value in column]
        figures[f"{name}_raked_to_uniform"] = figures[f"raked_{name}_mean"] / figures[f"uniform_{name}_mean"]
    sizes = {"raw": options.raw, "size": options.size, "concepts": len(NAMEABLE), "steps": options.steps}
    keep("balanced_training", **sizes, chance=1 / len(NAMEABLE), **figures)


if __name__ == "__main__":
    main()
