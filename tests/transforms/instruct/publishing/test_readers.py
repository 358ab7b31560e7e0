"""The mixture as others read it: webdataset, Hugging Face datasets, Megatron-Energon, Croissant."""

from __future__ import annotations

import hashlib
import json
import os
import pathlib
import pickle
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
import webdataset

from tests.transforms.instruct.publishing.small_publication import SIZE, SmallPublication, published
from transforms.instruct.mixing.settings import MixSettings
from transforms.instruct.publishing.settings import PublishSettings

SETTINGS = PublishSettings(formats=["webdataset", "parquet"], samples_per_shard=4)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> SmallPublication:
    return published(tmp_path_factory.mktemp("readers"), SETTINGS, MixSettings(size=12, max_copies=2))


def in_a_process(script: str, folder: pathlib.Path, **environment: str) -> Any:
    """What ``script`` leaves in ``found``: readers settle caches and offline mode when they are imported."""
    whole = f"import pickle, sys\nfound = []\n{script}\nsys.stdout.buffer.write(pickle.dumps(found))"
    offline = {"HF_HUB_OFFLINE": "1", "HF_HOME": str(folder / "hub"), "CROISSANT_CACHE": str(folder / "croissant")}
    run = subprocess.run(
        [sys.executable, "-c", whole],
        capture_output=True,
        cwd=folder,
        check=False,
        env={**os.environ, **offline, **environment},
    )
    assert run.returncode == 0, run.stderr.decode()[-3000:]
    return pickle.loads(run.stdout)


@pytest.mark.slow
def test_webdataset(made: SmallPublication) -> None:
    shards = [str(path) for path in sorted(made.place.glob("*/*.tar"))]
    found = {sample["__key__"]: sample for sample in webdataset.WebDataset(shards, shardshuffle=False).decode("pil")}
    assert found.keys() == made.samples().keys()
    for sample in found.values():
        assert all(sample[name].size == SIZE for name in sample["json"]["images"])


@pytest.mark.slow
def test_datasets(made: SmallPublication, tmp_path: pathlib.Path) -> None:
    """By the card and from Parquet, streaming and not, each split: the keys, the turns and the pictures."""
    files = {one: f"{made.place}/{one}/*.parquet" for one in ("train", "validation")}
    ways = {"card": (str(made.place), {}), "parquet": ("parquet", {"data_files": files})}
    script = f"""
import datasets, itertools
found = {{}}
for streaming, split, way in itertools.product((True, False), ("train", "validation"), {ways!r}.items()):
    name, (path, more) = way
    samples = datasets.load_dataset(path, **more, split=split, streaming=streaming)
    for sample in samples:
        record = sample.get("json") or sample
        shown = [one for one in sample.get("images") or [sample.get("0.jpg"), sample.get("1.jpg")] if one]
        key = sample.get("__key__") or sample["key"]
        turns = [[part["text"] for part in turn["content"]] for turn in record["messages"]]
        found.setdefault((name, streaming), []).append((key, turns, [one.size for one in shown]))
"""
    found = in_a_process(script, tmp_path)
    wanted = [
        (name, [[part["text"] for part in turn["content"]] for turn in one["messages"]], [SIZE] * len(one["images"]))
        for name, one in made.records().items()
    ]
    assert len(found) == 4
    for rows in found.values():
        assert sorted(rows) == sorted(wanted)


@pytest.mark.slow
@pytest.mark.parametrize("split", ["train", "val"])
def test_energon(made: SmallPublication, split: str) -> None:
    from megatron import energon

    workers = energon.WorkerConfig(rank=0, world_size=1, num_workers=0)
    dataset = energon.get_val_dataset(made.place, split_part=split, worker_config=workers, batch_size=None)
    folder = {"train": "train", "val": "validation"}[split]
    records = {name: one for name, one in made.records().items() if one["split"] == folder}
    found = {sample.__key__: sample.sequence for sample in energon.get_loader(dataset)}
    assert found.keys() == records.keys()
    for name, sequence in found.items():
        for turn, said in zip(sequence, records[name]["messages"], strict=True):
            assert (turn["role"], turn["train"]) == (said["role"], said["train"])
            for shown, part in zip(turn["content"], said["content"], strict=True):
                if part["type"] == "text":
                    assert shown == part["text"]
                else:
                    assert shown.shape == (3, SIZE[1], SIZE[0]) and np.isfinite(shown.numpy()).all()


@pytest.mark.slow
def test_croissant_is_valid_and_its_records_are_our_rows(made: SmallPublication, tmp_path: pathlib.Path) -> None:
    script = """
import mlcroissant
described = mlcroissant.Dataset("croissant.json")
assert not described.metadata.ctx.issues.errors, described.metadata.ctx.issues.errors
found = {name: list(described.records(name)) for name in ("webdataset", "parquet")}
"""
    cache = str(tmp_path / "croissant")
    found = in_a_process(script, made.place, CROISSANT_CACHE=cache, HF_HOME=str(tmp_path / "hub"))
    records = made.records()
    tars = {one["webdataset/name"].decode(): json.loads(one["webdataset/record"]) for one in found["webdataset"]}
    assert tars == records and len(found["webdataset"]) == len(records)
    rows = {one["parquet/key"].decode(): one for one in found["parquet"]}
    assert rows.keys() == records.keys() and len(found["parquet"]) == len(records)
    for name, row in rows.items():
        for fact in ("source", "category", "language", "licence"):
            value = row[f"parquet/{fact}"]
            assert (None if value is None else value.decode()) == records[name][fact]


def test_croissant_names_each_file_with_its_hash(made: SmallPublication) -> None:
    """Its own library validates files that are missing and hashes that are wrong."""
    described = json.loads((made.place / "croissant.json").read_text())
    files = [one for one in described["distribution"] if one["@type"] == "cr:FileObject"]
    assert {one["contentUrl"] for one in files} == {
        path.relative_to(made.place).as_posix() for path in made.place.glob("*/mixture-*") if path.suffix != ".idx"
    }
    for one in files:
        assert hashlib.sha256((made.place / one["contentUrl"]).read_bytes()).hexdigest() == one["sha256"]
