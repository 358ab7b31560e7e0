"""Embeddings beside annotations: what differs is found, and goes with the annotations, which say that it is there."""

from __future__ import annotations

import pathlib

import numpy as np
import pytest

from tests.transforms.annotating.test_embedding_files import annotated
from tests.transforms.annotating.test_imported_embeddings import vectors
from transforms.annotating.embedding_files import write_embeddings
from transforms.datasets import ShardName, write_table
from transforms.rejects import Counts
from transforms.run_folder import RunFolder, RunState
from transforms.stages import ANNOTATE
from transforms.storage import StoragePath
from transforms.verifying.embeddings import check_embeddings
from transforms.verifying.listing import kept_embeddings, missing_files

NAMES = [ShardName("web", "00000"), ShardName("web", "00001")]


@pytest.fixture
def state(tmp_path: pathlib.Path) -> RunState:
    config = {"retrieval": {"keep_embedding": True}}
    state = RunState.open(RunFolder(StoragePath.of(tmp_path), "f" * 16), config, {})
    for number, name in enumerate(NAMES):
        table = annotated(name.shard, vectors(2, number).astype(np.float16))
        write_embeddings(state.folder, str(number), table)
        write_table(state.folder.annotations(*name), table, "f" * 16, Counts(2, 2))
    state.finish(ANNOTATE.name, Counts(4, 4))
    return state


def seen(state: RunState) -> list[tuple[str, str]]:
    """Of all shards, by reading."""
    findings = [one for beside in kept_embeddings(state, NAMES) for one in check_embeddings(state.folder, *beside)]
    for one in findings:
        assert one.stage is ANNOTATE
        assert {path.name for path in one.remove} >= {one.path.name, "00001.parquet"}
    return [(one.path.name, one.seen) for one in findings]


def test_sound_ones(state: RunState) -> None:
    assert seen(state) == [] == list(missing_files(state, ANNOTATE, NAMES))


def test_a_row_that_is_another(state: RunState) -> None:
    path = state.folder.embeddings / "img_emb" / "img_emb_1.npy"
    path.write_bytes(path.read_bytes()[:-1] + b"\1")
    assert seen(state) == [("img_emb_1.npy", "does not hold the embeddings of 00001.parquet")]


def test_names_of_other_rows(state: RunState) -> None:
    (state.folder.embeddings / "metadata" / "metadata_1.parquet").write_bytes(
        (state.folder.embeddings / "metadata" / "metadata_0.parquet").read_bytes()
    )
    assert seen(state) == [("metadata_1.parquet", "does not name the rows of 00001.parquet")]


@pytest.mark.parametrize("file", ["img_emb/img_emb_1.npy", "metadata/metadata_1.parquet"])
def test_one_that_is_lost_is_told_by_a_listing(file: str, state: RunState) -> None:
    (state.folder.embeddings / file).delete()
    [finding] = missing_files(state, ANNOTATE, NAMES)
    assert (finding.path, finding.seen) == (state.folder.embeddings / file, "is missing")
    assert state.folder.annotations(*NAMES[1]) in finding.remove
