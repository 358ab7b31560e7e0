"""What a block used is told when it has ended."""

from __future__ import annotations

import pathlib
import sys

import pytest

from transforms.planning.meter import left_by, metered
from transforms.stages import ANNOTATE, BALANCE
from transforms.storage import StoragePath


def test_seconds_and_bytes_of_the_block_alone(tmp_path: pathlib.Path) -> None:
    (tmp_path / "file").write_bytes(bytes(1_000_000))
    shuffled = iter([5.0, 12.0])
    (tmp_path / "file").read_bytes()
    with metered(lambda: next(shuffled)) as used:
        for _ in range(3):
            (tmp_path / "file").read_bytes()
        sum(range(3_000_000))
    usage = used()
    assert usage.shuffled_bytes == 7 and usage.cpu_secs > 0
    if sys.platform == "linux":
        assert usage.read_bytes == pytest.approx(3_000_000, rel=0.05)


def test_files_of_a_stage_are_those_that_it_declares(tmp_path: pathlib.Path) -> None:
    for name, size in {
        "annotations/a/0.parquet": 10,
        "rejects/annotate/a/0.parquet": 5,
        "selection/a/0.parquet": 3,
        "concepts.parquet": 4,
        "run.json": 100,
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(bytes(size))
    root = StoragePath.of(tmp_path)
    assert (left_by(ANNOTATE, root).stored_bytes, left_by(ANNOTATE, root).files) == (15, 2)
    assert (left_by(BALANCE, root).stored_bytes, left_by(BALANCE, root).files) == (7, 2)
