"""The exported folder as others read it: webdataset, Hugging Face datasets, Megatron-Energon."""

from __future__ import annotations

import io
import pathlib
import pickle
import re
import subprocess
import sys

import numpy as np
import pytest
import webdataset
from PIL import Image

from tests.transforms.exporting.small_run import SmallRun, draw_tars, small_run, some_copies


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> SmallRun:
    """One format, as most corpora are."""
    folder = tmp_path_factory.mktemp("readers")
    run = small_run(folder / "run", [draw_tars(folder / "raw" / "one", 3, 15)], copies=some_copies)
    run.export(samples_per_shard=15)
    return run


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> SmallRun:
    """Three image formats, which readers find harder."""
    folder = tmp_path_factory.mktemp("mixed")
    source = draw_tars(folder / "raw" / "many", 3, 15, formats=("JPEG", "PNG", "WEBP"), records=True)
    run = small_run(folder / "run", [source], copies=some_copies)
    run.export(samples_per_shard=15)
    return run


def wanted(run: SmallRun) -> dict[str, tuple[bytes, str]]:
    """Image and caption by the name that a sample has in the shards."""
    found = {}
    for (source, shard, key), copies in run.copies.items():
        for copy in range(copies):
            name = f"{source}/{shard}/{key}" + (f"~{copy + 1}" if copy else "")
            found[name] = (run.images[source, shard, key], run.captions[source, shard, key])
    return found


def pixels(image: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(image)).convert("RGB"))


@pytest.mark.parametrize("which", ["run", "mixed"])
def test_webdataset(which: str, request: pytest.FixtureRequest) -> None:
    run = request.getfixturevalue(which)
    shards = [str(path) for path in sorted(run.shards.glob("*.tar"))]
    samples = list(webdataset.WebDataset(shards, shardshuffle=False).rename(image="jpg;png;webp"))
    assert {sample["__key__"]: (sample["image"], sample["txt"].decode()) for sample in samples} == wanted(run)
    decoded = next(iter(webdataset.WebDataset(shards, shardshuffle=False).decode("pil")))
    assert decoded["json"]["concepts"]


@pytest.mark.slow
def test_datasets(run: SmallRun, mixed: SmallRun, tmp_path: pathlib.Path) -> None:
    """By files and by the card, streaming and not; in a process of its own, since ``datasets`` settles cache and
    offline mode when imported."""
    script = f"""
import os, pickle, sys
os.environ.update(HF_HUB_OFFLINE="1", HF_HOME={str(tmp_path / "hub")!r})
import datasets
found = {{}}
by_files = ("webdataset", {{"data_files": {str(run.shards / "*.tar")!r}}})
for way, (path, more) in {{"files": by_files, "card": ({str(mixed.shards)!r}, {{}})}}.items():
    for streaming in (True, False):
        samples = datasets.load_dataset(path, **more, split="train", streaming=streaming)
        for ending in {{"jpg", "png", "webp"}} & set(samples.features):
            samples = samples.cast_column(ending, datasets.Image(decode=False))
        for sample in samples:
            image = next(sample[ending] for ending in ("jpg", "png", "webp") if sample.get(ending))
            found.setdefault((way, streaming), []).append((sample["__key__"], image["bytes"], sample["txt"]))
            assert sample["json"]["concepts"][0]["name"]
            assert sample["txt"] in sample["json"]["captions"].values(), sample
sys.stdout.buffer.write(pickle.dumps(found))
"""
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, cwd=tmp_path, check=False)
    assert result.returncode == 0, result.stderr.decode()[-2000:]
    found = pickle.loads(result.stdout)
    assert len(found) == 4
    for (way, _), samples in found.items():
        expected = wanted({"files": run, "card": mixed}[way])
        assert sorted(samples) == sorted((name, image, caption) for name, (image, caption) in expected.items())


def energon_samples(run: SmallRun, training: bool) -> list[tuple[str, np.ndarray, str]]:
    from megatron import energon

    workers = energon.WorkerConfig(rank=0, world_size=1, num_workers=0)
    if training:
        dataset = energon.get_train_dataset(
            run.shards,
            worker_config=workers,
            batch_size=None,
            shuffle_buffer_size=10,
            max_samples_per_sequence=5,
            repeat=False,
        )
    else:
        dataset = energon.get_val_dataset(run.shards, split_part="train", worker_config=workers, batch_size=None)
    loader = energon.get_loader(dataset)
    return [(sample.__key__, sample.image.numpy(), sample.caption) for sample in loader]


@pytest.mark.slow
@pytest.mark.parametrize("which", ["run", "mixed"])
@pytest.mark.parametrize("training", [True, False])
def test_energon(which: str, training: bool, request: pytest.FixtureRequest) -> None:
    run = request.getfixturevalue(which)
    samples = energon_samples(run, training)
    expected = wanted(run)
    assert sorted(name for name, _, _ in samples) == sorted(expected)
    for name, image, caption in samples:
        assert caption == expected[name][1]
        assert np.array_equal((image.transpose(1, 2, 0) * 255).round(), pixels(expected[name][0]))


def test_the_index_is_the_one_that_energon_would_make(mixed: SmallRun) -> None:
    from megatron.energon.epathlib import EPath
    from megatron.energon.flavors.webdataset.prepare import WebdatasetPreparator

    [file, *_] = sorted(path.name for path in mixed.shards.glob("*.tar"))
    index = mixed.shards / f"{file}.idx"
    ours = index.read_bytes()
    index.unlink()
    list(WebdatasetPreparator._preprocess_tar(file, {file: 0}, EPath(mixed.shards), 50))
    assert index.read_bytes() == ours


@pytest.mark.slow
def test_the_examples_of_the_card_run(run: SmallRun, tmp_path: pathlib.Path) -> None:
    examples = re.findall(r"```python\n(.*?)```", (run.shards / "README.md").read_text(), re.DOTALL)
    assert len(examples) == 3
    settled = f"import os; os.environ.update(HF_HUB_OFFLINE='1', HF_HOME={str(tmp_path)!r})"
    # each in a module of its own; what all of them import is imported once
    each = "; print(flush=True)\n".join(f"exec({example!r}, {{}})" for example in examples)
    command = [sys.executable, "-c", f"{settled}\n{each}"]
    result = subprocess.run(command, capture_output=True, text=True, cwd=run.shards.parent, check=False)
    assert result.returncode == 0, result.stderr[-2000:]
    assert [len(printed.splitlines()) for printed in result.stdout.split("\n\n")] == [len(wanted(run))] * 3
