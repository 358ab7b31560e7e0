"""The instruction chain over the embedded sets: nothing lost, every fault found, the same bytes however run."""

from __future__ import annotations

import itertools
import json
import pathlib
import shutil
from collections import Counter

import pytest

from tests.integration.conftest import INSTRUCT, digests, evenweave, small_sets
from tests.integration.instruct_truth import rejected, truth_by_key
from transforms.stages import INSTRUCT_DEFAULT

pytestmark = pytest.mark.slow

ROWS = 1000
NAMES = [stage.name for stage in INSTRUCT_DEFAULT]


@pytest.fixture(scope="module")
def sets(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    return tmp_path_factory.mktemp("sets")


@pytest.fixture(scope="module")
def mixture(sets: pathlib.Path, tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """With two workers. Tests only read it."""
    run = tmp_path_factory.mktemp("run") / "mixture"
    evenweave("instruct", INSTRUCT, "--output", run, *small_sets(sets, ROWS), "--set", "runner.workers=2")
    return run


def test_nothing_is_lost_on_the_way(mixture: pathlib.Path) -> None:
    stages = json.loads((mixture / "run.json").read_text())["stages"]
    assert list(stages) == sorted(NAMES) and all(stage["state"] == "done" for stage in stages.values())
    counts = [stages[name]["counts"] for name in NAMES]
    assert counts[0]["rows_in"] == ROWS
    for name, one in zip(NAMES, counts, strict=True):
        assert one["rows_in"] + one.get("made", 0) == one["rows_out"] + sum(one["rejects"].values()), name
    for before, after in itertools.pairwise(counts):
        assert after["rows_in"] == before["rows_out"]


def test_planted_faults_meet_their_fate(mixture: pathlib.Path, sets: pathlib.Path) -> None:
    truth = truth_by_key(sets, mixture)
    gone = {key: reason for name in ("standardise", "validate") for key, reason in rejected(mixture, name).items()}
    missed = Counter(one["fault"] for key, one in truth.items() if one["fate"] == "rejected" and key not in gone)
    sound = [key for key in gone if truth[key]["fate"] != "rejected"]
    # a caption without a question tells no language, and a list that ends a line early looks whole
    assert set(missed) <= {"wrong_language", "truncated_answer"} and missed.total() <= 2, f"not found: {missed}"
    assert len(sound) <= 0.005 * len(truth), f"sound rows were dropped: {[(key, gone[key]) for key in sound]}"


def test_the_portable_runner_writes_the_same_bytes(
    mixture: pathlib.Path, sets: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    portable = ("--", "--runner=PortableRunner", "--job_endpoint=embed", "--environment_type=LOOPBACK")
    evenweave("instruct", INSTRUCT, "--output", tmp_path / "portable", *small_sets(sets, ROWS), *portable)
    assert digests(tmp_path / "portable") == digests(mixture)


def test_running_again_rewrites_nothing(mixture: pathlib.Path, sets: pathlib.Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in mixture.rglob("*") if path.is_file()}
    done = evenweave("instruct", INSTRUCT, "--output", mixture, *small_sets(sets, ROWS))
    assert done.stdout.count("done before") == len(NAMES)
    assert {path: path.stat().st_mtime_ns for path in mixture.rglob("*") if path.is_file()} == before


def test_other_settings_make_only_what_they_decide_anew(
    mixture: pathlib.Path, sets: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    """The same bytes as a run of one worker that had them from the beginning, where two made what is kept and anew."""
    run, other = tmp_path / "run", ("--set", "mix.size=200")
    shutil.copytree(mixture, run)
    arguments = ("instruct", INSTRUCT, *small_sets(sets, ROWS), *other)
    refused = evenweave(*arguments, "--output", run, check=False)
    assert refused.returncode == 2 and "mix.size" in refused.stderr and "--remake" in refused.stderr
    assert digests(run) == digests(mixture)
    done = evenweave(*arguments, "--output", run, "--remake", "--set", "runner.workers=2")
    assert done.stdout.count("done before") == len(NAMES) - 2
    evenweave(*arguments, "--output", tmp_path / "fresh", "--set", "runner.workers=1")
    assert digests(run) == digests(tmp_path / "fresh")
    shards = json.loads((run / "mixture" / "manifest.json").read_text())["shards"]
    trained = [
        shard["samples"] for shard in shards if shard["file"].startswith("train/") and shard["file"].endswith("tar")
    ]
    assert sum(trained) == 200


def test_a_run_is_verified_and_repaired(mixture: pathlib.Path, sets: pathlib.Path, tmp_path: pathlib.Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(mixture, run)
    assert "is sound" in evenweave("verify", run).stdout
    broken = sorted((run / "facts" / "validate").rglob("*.parquet"))[0]
    data = bytearray(broken.read_bytes())
    data[len(data) // 3] ^= 1
    broken.write_bytes(data)
    found = evenweave("verify", run, check=False)
    assert found.returncode == 1 and "validate" in found.stdout
    assert "evenweave instruct" in evenweave("verify", run, "--repair").stdout
    evenweave("instruct", INSTRUCT, "--output", run, *small_sets(sets, ROWS))
    assert digests(run) == digests(mixture)
