"""The version of Megatron-Energon that the published trainer pins opens our folders, as version 7 does."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys

import pytest

from tests.transforms.exporting.small_run import draw_tars, small_run, some_copies
from tests.transforms.packing.corpus import both_sources, pack_all, pack_job
from tests.transforms.packing.layouts.test_layouts import TRAINER

pytestmark = pytest.mark.compat

_READ = """
import importlib.metadata, sys
from megatron import energon

assert importlib.metadata.version("megatron-energon").startswith("5.0.")
dataset = energon.get_train_dataset(
    sys.argv[1],
    worker_config=energon.WorkerConfig(rank=0, world_size=1, num_workers=0),
    batch_size=1,
    shuffle_buffer_size=None,
    max_samples_per_sequence=None,
)
names = set()
for sample in energon.get_loader(dataset):  # without end: it begins again when all were given
    if (name := getattr(sample, "__key__")[0]) in names:
        break
    names.add(name)
    if hasattr(sample, "prompts"):
        assert len(sample.prompts[0]) == len(sample.captions[0]) == len(sample.images[0])
print(len(names))
"""


@pytest.fixture(scope="session")
def energon_5(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A folder of that version alone, to stand before the installed one on the path."""
    target = tmp_path_factory.mktemp("energon-5")
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(target)]
    subprocess.run([*install, "megatron-energon==5.0.0"], check=True)
    return target


def samples_read(folder: pathlib.Path, *before: pathlib.Path) -> int:
    path = os.pathsep.join(map(str, before))
    command = [sys.executable, "-c", _READ, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": path}, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return int(done.stdout.splitlines()[-1])


def test_balanced_shards(tmp_path: pathlib.Path, energon_5: pathlib.Path) -> None:
    run = small_run(tmp_path / "run", [draw_tars(tmp_path / "raw" / "one", 3, 15)], copies=some_copies)
    run.export(samples_per_shard=15)
    assert samples_read(run.shards, energon_5) == sum(run.copies.values())


def test_packs_of_the_published_layout(tmp_path: pathlib.Path, energon_5: pathlib.Path) -> None:
    module = tmp_path / "trainer" / "aiak_training_llm" / "data" / "multimodal.py"
    module.parent.mkdir(parents=True)
    module.write_text(TRAINER)
    records = pack_all(pack_job(tmp_path / "run", both_sources(tmp_path), layout="llava-ov-1.5"))
    packs = sum(shard.samples for record in records for shard in record.shards)
    assert samples_read(tmp_path / "run" / "packed", energon_5, tmp_path / "trainer") == packs > 0
