"""The whole chain over the embedded corpus: exact, nothing lost, every fault found, the same bytes however run."""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pyarrow.parquet as pq
import pytest
import webdataset

from tests.integration.conftest import FAULTS, MINI, ROOT, digests, evenweave, read_all, small_corpus

pytestmark = pytest.mark.slow


def test_exactly_n_and_nothing_lost(finished_run: pathlib.Path) -> None:
    stages = json.loads((finished_run / "run.json").read_text())["stages"]
    assert all(stage["state"] == "done" for stage in stages.values())
    for name, stage in stages.items():
        counts = stage["counts"]
        assert counts["rows_in"] == counts["rows_out"] + sum(counts["rejects"].values()), name
    assert stages["annotate"]["counts"]["rows_in"] == 800
    assert stages["deduplicate"]["counts"]["rows_in"] == stages["annotate"]["counts"]["rows_out"]
    assert stages["balance"]["counts"]["rows_in"] == stages["deduplicate"]["counts"]["rows_out"]
    tars = sorted(str(path) for path in (finished_run / "shards").glob("*.tar"))
    samples = list(webdataset.WebDataset(tars, shardshuffle=False))
    assert len(samples) == len({sample["__key__"] for sample in samples}) == 200
    rejects = read_all(finished_run / "rejects" / "annotate").num_rows
    assert read_all(finished_run / "annotations").num_rows + rejects == 800


def test_every_planted_fault_is_found_with_its_reason(finished_run: pathlib.Path, corpus: pathlib.Path) -> None:
    truth = read_all(corpus / "truth").to_pylist()
    found = {row["key"]: row["reason"] for row in read_all(finished_run / "rejects" / "annotate").to_pylist()}
    found |= {row["key"]: row["reason"] for row in read_all(finished_run / "rejects" / "deduplicate").to_pylist()}
    planted = {row["key"]: row for row in truth if row["fault"]}
    assert {row["fault"] for row in planted.values()} == set(FAULTS)
    groups: dict[str, set[str]] = {}  # an original and its copies: all but one must go, whichever stays
    for key, row in planted.items():
        if row["original"] is None:
            assert found.pop(key) == row["fault"]
        else:
            groups.setdefault(row["original"], {row["original"]}).add(key)
    for members in groups.values():
        assert len(members - found.keys()) == 1, members
        for key in members & found.keys():
            assert found.pop(key) in ("exact_duplicate", "near_duplicate")
    assert not found, f"sound samples were dropped: {found}"


def test_running_again_rewrites_nothing(finished_run: pathlib.Path, corpus: pathlib.Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in finished_run.rglob("*") if path.is_file()}
    done = evenweave("build", MINI, "--output", finished_run, *small_corpus(corpus))
    assert done.stdout.count("done before") == 5
    assert {path: path.stat().st_mtime_ns for path in finished_run.rglob("*") if path.is_file()} == before


def test_shares_of_types_are_asked_for(
    finished_run: pathlib.Path, corpus: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    """By the command line: a run over the same annotations, and what it was said to become."""
    shares = ("--set", "balance.even.target_by_type={entity: 0.35, scene: 0.2, other: 0.45}")
    shares += ("--set", "balance.even.floor=0")  # of so few images floors take most
    taken_over = ("--set", f"reuse={finished_run}")
    evenweave("build", MINI, "--output", tmp_path / "run", *small_corpus(corpus), *shares, *taken_over)
    plain, asked = (
        json.loads((run / "balance" / "certificate.json").read_text()) for run in (finished_run, tmp_path / "run")
    )
    assert asked["by_type"]["entity"]["target"] == 0.35 and asked["size"] == 200
    of_types = [said["by_type"]["entity"]["share"]["selected"] for said in (plain, asked)]
    assert of_types[1] > of_types[0] + 0.03
    assert "of type entity (in the corpus" in (tmp_path / "run" / "report" / "index.html").read_text()
    told = evenweave("whatif", finished_run, *shares).stdout
    assert all(kind in told for kind in ("entity", "scene", "other"))


@pytest.mark.parametrize("stage", ["vocabulary", "annotate", "deduplicate", "balance", "export"])
def test_a_killed_run_goes_on_to_the_same_bytes(
    stage: str, finished_run: pathlib.Path, corpus: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    run = tmp_path / "killed"
    arguments = ["build", MINI, "--output", str(run), *small_corpus(corpus), "--set", "runner.workers=2"]
    if stage != "vocabulary":  # begin where the stages before it are done
        shutil.copytree(finished_run, run)
        _forget(run, stage)
    _kill_in(stage, run, arguments)
    assert json.loads((run / "run.json").read_text())["stages"][stage]["state"] == "running"
    evenweave(*arguments)
    assert digests(run) == digests(finished_run)


def _forget(run: pathlib.Path, stage: str) -> None:
    """Back to before a stage: its record and every later one's, and what they wrote."""
    record = json.loads((run / "run.json").read_text())
    written = {
        "annotate": ["annotations", "rejects/annotate"],
        "deduplicate": ["rejects/deduplicate"],
        "balance": ["selection", "concepts.parquet"],
        "export": ["shards", "report"],
    }
    names = list(written)
    for later in names[names.index(stage) :]:
        del record["stages"][later]
        for name in written[later]:
            path = run / name
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    (run / "run.json").write_text(json.dumps(record, indent=2, sort_keys=True, ensure_ascii=False) + "\n")


def _kill_in(stage: str, run: pathlib.Path, arguments: list[str]) -> None:
    """SIGKILL to the driver and all its workers, in the midst of a stage: after its first file where it writes many."""
    script = pathlib.Path(sys.executable).with_name("evenweave")
    process = subprocess.Popen([str(script), *arguments], cwd=ROOT, start_new_session=True, stdout=subprocess.DEVNULL)
    first_file = {"annotate": "annotations/**/*.parquet", "balance": "selection/**/*.parquet", "export": "shards/*.tar"}
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        try:
            state = json.loads((run / "run.json").read_text())["stages"].get(stage, {}).get("state")
        except FileNotFoundError:
            state = None
        assert state != "done" and process.poll() is None, f"{stage} ended before it could be killed"
        if state == "running" and (stage not in first_file or any(run.glob(first_file[stage]))):
            break
        time.sleep(0.002)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def test_changed_settings_are_refused_by_name(finished_run: pathlib.Path, corpus: pathlib.Path) -> None:
    done = evenweave(
        "build", MINI, "--output", finished_run, *small_corpus(corpus), "--set", "balance.method=uniform", check=False
    )
    assert done.returncode == 2
    assert "changed: settings.balance.method. Choose a new output folder" in done.stderr


def test_changed_input_is_refused_by_name(
    finished_run: pathlib.Path, corpus: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    shutil.copytree(corpus, tmp_path / "more")
    shutil.copy(corpus / "shards" / "00000.tar", tmp_path / "more" / "shards" / "99999.tar")
    elsewhere = ["--set", "miniature=null", "--set", f"sources.0.path={tmp_path / 'more' / 'shards'}"]
    done = evenweave("build", MINI, "--output", finished_run, *small_corpus(corpus), *elsewhere, check=False)
    assert done.returncode == 2
    assert "changed: inputs.sources.miniature" in done.stderr


def test_concepts_parquet_is_what_the_shards_hold(finished_run: pathlib.Path) -> None:
    concepts = pq.read_table(finished_run / "concepts.parquet").to_pandas()
    annotations = read_all(finished_run / "annotations").to_pandas()
    dropped = set(read_all(finished_run / "rejects" / "deduplicate")["key"].to_pylist())
    kept = annotations[~annotations["key"].isin(dropped)]
    chosen = kept[kept["key"].isin(read_all(finished_run / "selection")["key"].to_pylist())]
    least = json.loads((finished_run / "run.json").read_text())["config"]["balance"]["min_similarity"]
    for column, rows in (("count_before", kept), ("count_after", chosen)):
        ids, scores = (np.concatenate(rows[name].to_list()) for name in ("concept_ids", "concept_scores"))
        scores = scores.astype(np.float64)  # or the threshold would be rounded to a float16, below itself
        counts = np.bincount(ids[scores >= least], minlength=len(concepts))
        np.testing.assert_array_equal(concepts[column], counts)
