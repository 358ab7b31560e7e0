"""The built wheel, unpacked on its own, runs the main job far from the repository: its configurations go with it."""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
import sys
import zipfile

import pytest

from tests.integration.conftest import ROOT, read_all, small_corpus

pytestmark = [pytest.mark.slow, pytest.mark.compat]

#: Whatever setup.py would take up of the tree; links stay links, as in a checkout.
_BUILT_FROM = ("pipelines", "concept_vocab", "transforms", "model", "evenweave", "configs")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """Built from a copy, lest what an earlier build left in the tree gets into it."""
    tree = tmp_path_factory.mktemp("tree")
    for name in _BUILT_FROM:
        shutil.copytree(ROOT / name, tree / name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tree)
    run(tree, sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "-w", "dist", ".")
    return next((tree / "dist").glob("evenweave-*.whl"))


@pytest.fixture(scope="module")
def site(wheel: pathlib.Path, tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A folder with nothing of ours but what the wheel installs."""
    target = tmp_path_factory.mktemp("site")
    run(target, sys.executable, "-m", "pip", "install", "--no-deps", "--no-index", "--target", target, wheel)
    return target


def run(folder: pathlib.Path, *command: object, site: pathlib.Path | None = None) -> str:
    """Output of a command in ``folder``; of our packages it sees those in ``site`` alone."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    if site is not None:
        environment["PYTHONPATH"] = str(site)
    done = subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_it_holds_every_configuration(wheel: pathlib.Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        held = {name.removeprefix("evenweave/") for name in archive.namelist()}
    there = {str(path.relative_to(ROOT)) for path in (ROOT / "configs").rglob("*") if path.is_file()}
    assert there <= held


def test_the_main_job_runs_where_no_repository_is(site: pathlib.Path, tmp_path: pathlib.Path) -> None:
    code = "import evenweave, model, transforms, pipelines; print(evenweave.__file__, transforms.__file__)"
    assert run(tmp_path, sys.executable, "-c", code, site=site).count(str(site)) == 2
    overrides = small_corpus(tmp_path / "corpus", images=200)
    said = run(tmp_path, sys.executable, site / "bin" / "evenweave", "build", "build/mini.yaml", *overrides, site=site)
    assert str(site / "evenweave" / "configs" / "build" / "mini.yaml") in said.replace("\n", "")
    rows = read_all(tmp_path / "runs" / "mini" / "selection")
    assert sum(rows["copies"].to_pylist()) == 50


def test_a_configuration_of_ones_own_runs(site: pathlib.Path, tmp_path: pathlib.Path) -> None:
    """The tars are those of the embedded corpus; the encoder that it begins with would have to be downloaded."""
    command = (sys.executable, "-m", "pipelines.main")
    draw = "from transforms.miniature.corpus import write_shard; from transforms.miniature.settings import *; "
    draw += "from transforms.storage import *; write_shard(StoragePath.of('data'), 0, MiniatureSettings(images=60))"
    run(tmp_path, sys.executable, "-c", draw, site=site)
    run(tmp_path, *command, "init", "own", "--input", "data", site=site)
    encoder = {"model": str(site / "evenweave" / "configs" / "encoder" / "tiny"), "precision": "fp32"}
    overrides = (
        "--set",
        f"encoder={encoder}",
        "--set",
        "balance.size=20",
        "--set",
        "balance.min_similarity=0",
        "--set",
        "max_reject_share=0.5",
    )
    run(tmp_path, *command, "build", "own/build.yaml", *overrides, site=site)
    assert (tmp_path / "own" / "run" / "report" / "index.html").is_file()
    assert len(list((tmp_path / "own" / "run" / "shards").glob("own-*.tar"))) == 1
