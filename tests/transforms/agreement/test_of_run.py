"""The agreement of a run at rest, whose vocabulary groups concepts of one meaning."""

from __future__ import annotations

import pathlib

import numpy as np
import pyarrow as pa

from concept_vocab.vocabulary import Vocabulary
from tests.transforms.synthetic_annotations import list_column, write_annotations
from transforms.agreement.of_run import agreement_of, assigned_agreement
from transforms.datasets import ShardName
from transforms.run_folder import RunFolder, RunState
from transforms.storage import StoragePath
from transforms.vocabulary_folder import Searched, finish_vocabulary, write_concepts, write_embeddings

SHARD = ShardName("web", "00000")


def test_a_caption_that_names_another_of_the_group_agrees(tmp_path: pathlib.Path) -> None:
    """Images were given the car, which stands for the automobile that one caption names."""
    folder = RunFolder(StoragePath.of(tmp_path), "0123456789abcdef")
    write_concepts(folder, Vocabulary.from_names(["car", "automobile", "tree"], "en", "list", {}).table)
    write_embeddings(folder, (3, 2), [np.eye(3, 2, dtype=np.float32)])
    finish_vocabulary(folder, {}, searched=Searched(groups=np.array([0, 0, 2], np.int32)))
    # as they are assigned by both: what is named first, and of it what was retrieved
    scores, cosines = [[1, 0.5], [1, -1]], [[0.75, 0.5], [0.75, -1]]
    write_annotations(
        folder,
        SHARD,
        ["a", "b"],
        np.arange(2, dtype=np.uint64),
        np.array([[1, 2], [0, -1]], np.int32),
        caption=pa.array(["an automobile", "a car"]),
        lang=pa.array(["en", "en"]),
        concept_scores=list_column(np.array(scores, np.float16)),
        concept_cosines=list_column(np.array(cosines, np.float16)),
    )
    state = RunState.open(folder, {"retrieval": {"assign": {"by": "both"}}}, {})
    for found in (agreement_of(state, [SHARD], 0.0), assigned_agreement(state, [SHARD], 0.0)):
        assert found is not None
        assert [found.of_image.tolist(), found.of_caption.tolist(), found.of_both.tolist()] == [
            [2, 0, 1],
            [2, 0, 0],
            [2, 0, 0],
        ]
