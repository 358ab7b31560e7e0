"""``evenweave verify`` over a real run: what is broken is seen, removed, and made anew to the same bytes."""

from __future__ import annotations

import io
import json
import os
import pathlib
import shutil
from collections.abc import Callable

import pytest
from rich.console import Console

from pipelines import verify
from pipelines.verify import NOT_SOUND, SOUND
from tests.integration.conftest import MINI, digests, evenweave, small_corpus
from tests.transforms.version_1 import to_version_1

pytestmark = pytest.mark.slow


def looked_at(run: pathlib.Path, repair: bool = False) -> tuple[int, str]:
    console = Console(file=io.StringIO(), width=300)
    status = verify.run(str(run), repair, console)
    assert isinstance(console.file, io.StringIO)
    return status, console.file.getvalue()


def flip(path: pathlib.Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 16
    path.write_bytes(data)


def halve(path: pathlib.Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


@pytest.fixture
def copied(finished_run: pathlib.Path, tmp_path: pathlib.Path) -> pathlib.Path:
    return pathlib.Path(shutil.copytree(finished_run, tmp_path / "run"))


def test_a_sound_run_and_one_that_is_not_begun(finished_run: pathlib.Path, tmp_path: pathlib.Path) -> None:
    status, said = looked_at(finished_run)
    assert (status, "is sound" in said) == (SOUND, True), said
    done = evenweave("verify", tmp_path, check=False)
    assert done.returncode == 2 and "is not a run folder" in done.stderr


def test_a_run_of_the_version_before(copied: pathlib.Path) -> None:
    """Its tars have sums; its tables have none, and only what cannot be read of them is told."""
    to_version_1(copied)
    status, said = looked_at(copied)
    assert (status, "is sound" in said, "carry no checksums" in said) == (SOUND, True, True), said
    flip(next(copied.glob("shards/*.tar")))
    halve(copied / "annotations" / "miniature" / "00003.parquet")
    status, said = looked_at(copied)
    assert status == NOT_SOUND and "No command goes on with a run of this version" in said
    assert "SHA-256" in said and "00003.parquet cannot be read as Parquet" in said, said


@pytest.mark.parametrize("damage", [pathlib.Path.unlink, halve, flip])
@pytest.mark.parametrize(
    ("file", "stage"),
    [
        ("vocabulary/vocabulary.parquet", "vocabulary"),
        ("vocabulary/embeddings.npy", "vocabulary"),
        ("annotations/miniature/00003.parquet", "annotate"),
        ("rejects/annotate/miniature/00003.parquet", "annotate"),
        ("rejects/deduplicate/miniature/00000.parquet", "deduplicate"),
        ("selection/miniature/00003.parquet", "balance"),
        ("concepts.parquet", "balance"),
        ("shards/mini-000001.tar", "export"),
        ("shards/mini-000001.tar.idx", "export"),
        ("shards/.stats/mini-000001.json", "export"),
        ("shards/.nv-meta/split.yaml", "export"),
        ("shards/manifest.json", "export"),
    ],
)
def test_every_kind_of_file(
    file: str, stage: str, damage: Callable[[pathlib.Path], None], copied: pathlib.Path
) -> None:
    damage(copied / file)
    status, said = looked_at(copied)
    assert status == NOT_SOUND
    assert all(line.startswith(f"✗ {stage} ") for line in said.splitlines() if line.startswith("✗")), said
    assert f"to be repeated: {stage}" in said


def test_what_does_not_belong_to_the_run(copied: pathlib.Path) -> None:
    record = json.loads((copied / "run.json").read_text())
    record["stages"]["balance"]["counts"]["rows_out"] += 1
    (copied / "run.json").write_text(json.dumps(record))
    shutil.copy(copied / "annotations/miniature/00000.parquet", copied / "annotations/miniature/unknown.parquet")
    (copied / "shards" / "mini-000009.tar.partial-1").write_bytes(b"left by a killed worker")
    status, said = looked_at(copied)
    assert status == NOT_SOUND
    assert "unknown.parquet is of a shard that is no input of this run" in said
    assert "selection adds up to" in said
    assert "mini-000009.tar.partial-1 was left half written" in said


@pytest.mark.parametrize(
    "damaged",
    [
        {
            "shards/mini-000001.tar": pathlib.Path.unlink,
            "shards/mini-000002.tar.idx": flip,
            "shards/manifest.json": halve,
        },
        {"selection/miniature/00003.parquet": flip, "concepts.parquet": pathlib.Path.unlink},
        {
            "annotations/miniature/00003.parquet": halve,
            "rejects/annotate/miniature/00004.parquet": pathlib.Path.unlink,
            "rejects/deduplicate/miniature/00000.parquet": flip,
            "shards/mini-000001.tar": flip,
        },
    ],
    ids=["export", "balance", "annotate"],
)
def test_what_is_repaired_is_made_anew_to_the_same_bytes(
    damaged: dict[str, Callable[[pathlib.Path], None]],
    finished_run: pathlib.Path,
    copied: pathlib.Path,
    corpus: pathlib.Path,
) -> None:
    for file, damage in damaged.items():
        damage(copied / file)
    assert looked_at(copied, repair=True)[0] == SOUND
    kept = {path: path.stat().st_mtime_ns for path in (copied / "vocabulary").iterdir()}
    evenweave("build", MINI, "--output", copied, *small_corpus(corpus))
    assert digests(copied) == digests(finished_run)
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    assert looked_at(copied)[0] == SOUND


@pytest.mark.parametrize(("damage", "says"), [(pathlib.Path.unlink, "is missing"), (halve, "bytes in place of")])
def test_build_notices_that_a_finished_tar_is_gone_or_cut(
    damage: Callable[[pathlib.Path], None], says: str, copied: pathlib.Path, corpus: pathlib.Path
) -> None:
    damage(copied / "shards" / "mini-000001.tar")
    done = evenweave("build", MINI, "--output", copied, *small_corpus(corpus), check=False)
    assert done.returncode == 2
    assert "mini-000001.tar" in done.stderr and says in done.stderr
    assert f"evenweave verify {copied} --repair" in done.stderr
