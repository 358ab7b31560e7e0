"""The Croissant description of a corpus: valid by its own library, its records our samples, its hashes our files'."""

from __future__ import annotations

import hashlib
import json
import os
import pathlib
import pickle
import subprocess
import sys
import tarfile

import pytest

from tests.transforms.exporting.small_run import SmallRun, draw_tars, small_run, some_copies
from transforms.exporting.croissant import write_croissant
from transforms.exporting.manifest import ShardStats
from transforms.storage import StoragePath


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> SmallRun:
    folder = tmp_path_factory.mktemp("croissant")
    run = small_run(folder / "run", [draw_tars(folder / "raw" / "one", 3, 15, records=True)], copies=some_copies)
    run.export(samples_per_shard=15)
    return run


def records_of(folder: pathlib.Path) -> dict[str, str]:
    """The JSON of each sample by its name, as the tars hold it."""
    found = {}
    for path in sorted(folder.glob("*.tar")):
        with tarfile.open(path) as tar:
            for member in tar:
                if member.name.endswith(".json"):
                    stream = tar.extractfile(member)
                    assert stream is not None
                    found[member.name.removesuffix(".json")] = stream.read().decode()
    return found


@pytest.mark.slow
def test_it_is_valid_and_its_records_are_our_samples(run: SmallRun, tmp_path: pathlib.Path) -> None:
    """In a process of its own, since the library settles its cache when it is imported."""
    script = """
import pickle, sys
import mlcroissant
described = mlcroissant.Dataset("croissant.json")
assert not described.metadata.ctx.issues.errors, described.metadata.ctx.issues.errors
sys.stdout.buffer.write(pickle.dumps([dict(one) for one in described.records("webdataset")]))
"""
    environment = {**os.environ, "CROISSANT_CACHE": str(tmp_path), "HF_HOME": str(tmp_path / "hub")}
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, cwd=run.shards, check=False, env=environment
    )
    assert done.returncode == 0, done.stderr.decode()[-3000:]
    found = pickle.loads(done.stdout)
    wanted = records_of(run.shards)
    assert len(found) == len(wanted) == sum(run.copies.values())
    assert {one["webdataset/name"].decode(): one["webdataset/record"].decode() for one in found} == wanted


def test_it_names_each_tar_with_its_hash(run: SmallRun) -> None:
    """Its own library validates files that are missing and hashes that are wrong."""
    described = json.loads((run.shards / "croissant.json").read_text())
    files = {one["contentUrl"]: one for one in described["distribution"] if one["@type"] == "cr:FileObject"}
    assert files.keys() == {path.name for path in run.shards.glob("*.tar")}
    for name, one in files.items():
        data = (run.shards / name).read_bytes()
        assert (one["sha256"], one["contentSize"]) == (hashlib.sha256(data).hexdigest(), f"{len(data)} B")


def test_licences_are_those_of_the_sources_that_are_in_it(tmp_path: pathlib.Path) -> None:
    stats = [
        ShardStats(file, samples=2, bytes=1, sha256="", sources=sources, languages={}, formats={})
        for file, sources in (("a-000000.tar", {"one": 2}), ("a-000001.tar", {"one": 1, "two": 1}))
    ]
    licences = {"one": "CC-BY-4.0", "two": "CC0-1.0", "unused": "MIT"}
    write_croissant(StoragePath.of(tmp_path), "a", stats[::-1], licences)
    described = json.loads((tmp_path / "croissant.json").read_text())
    assert described["license"] == ["CC-BY-4.0", "CC0-1.0"]
    assert "4 images" in described["description"]
    assert [one["@id"] for one in described["distribution"]] == ["a-000000.tar", "a-000001.tar", "webdataset-files"]
