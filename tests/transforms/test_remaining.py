"""Annotations less what earlier stages rejected, with real files."""

from __future__ import annotations

import pathlib

import numpy as np
import pytest

from tests.transforms.balancing.corpus import random_ids, write_corpus
from transforms.datasets import read_table
from transforms.errors import RunFolderError
from transforms.remaining import read_remaining
from transforms.run_folder import RunFolder
from transforms.stages import BALANCE, DEDUPLICATE, EXPORT, FIRST_AFTER_ANNOTATE


def test_each_stage_sees_what_those_before_it_left(tmp_path: pathlib.Path) -> None:
    folder, (first, second) = write_corpus(tmp_path, random_ids(10, 5, 2, 0), 2, 5, duplicates={0, 4})
    annotated = [f"k{row}" for row in range(0, 10, 2)]
    for stage in (FIRST_AFTER_ANNOTATE, DEDUPLICATE):
        assert read_remaining(folder, first, stage, ["key"])["key"].to_pylist() == annotated
    for stage in (BALANCE, EXPORT):
        assert read_remaining(folder, first, stage, ["key"])["key"].to_pylist() == ["k2", "k6", "k8"]
        assert len(read_remaining(folder, second, stage, ["key"])) == 5


def test_columns_are_those_asked_for(tmp_path: pathlib.Path) -> None:
    """With rejects or without, the key among them or not."""
    folder, names = write_corpus(tmp_path, random_ids(10, 5, 2, 0), 2, 5, duplicates={0})
    for name in names:
        whole = read_table(folder.annotations(*name), folder.fingerprint)
        kept = np.array([key != "k0" for key in whole["key"].to_pylist()])
        for columns in (["sample_id"], ["concept_ids", "key"]):
            assert read_remaining(folder, name, BALANCE, columns).equals(whole.select(columns).filter(kept))


def test_another_runs_files_are_refused(tmp_path: pathlib.Path) -> None:
    folder, names = write_corpus(tmp_path, random_ids(4, 5, 2, 0), 1, 5)
    with pytest.raises(RunFolderError, match="was made with settings"):
        read_remaining(RunFolder(folder.root, "0" * 16), names[0], BALANCE, ["key"])
