"""What a run takes over of an older one: shards of the same name, content and settings, and no others."""

from __future__ import annotations

import io
import os
import pathlib
from typing import Any

import pytest
from rich.console import Console

from pipelines.reuse import find_reused
from tests.pipelines.test_input_versions import Annotated
from tests.transforms.exporting.small_run import draw_tars
from transforms.annotating.changed_inputs import files_of
from transforms.errors import RunFolderError


@pytest.fixture
def run(tmp_path: pathlib.Path) -> Annotated:
    return Annotated(tmp_path)


def reusable(run: Annotated, **changed: Any) -> set[str]:
    """Names of the shards that another run, of these settings, takes over."""
    identity = run.identity(**changed)
    console = Console(file=io.StringIO())
    reused = find_reused(str(run.record.folder.root), identity, run.shards, run.sources, console)
    assert reused.vocabulary and reused.folder == run.record.folder
    return {name.shard for name in reused.shards}


def test_what_was_annotated_alike_is_taken_over_shard_by_shard(run: Annotated) -> None:
    assert reusable(run) == {"00000", "00001", "00002"}
    run.change()
    os.utime(run.tars / "00001.tar", ns=(1, 1))  # a copy
    draw_tars(run.tars / "more", shards=1, samples=2)
    (run.tars / "more" / "00000.tar").rename(run.tars / "00003.tar")
    assert reusable(run) == {"00001", "00002"}
    run.record.folder.inputs.delete()
    assert reusable(run) == {"00001", "00002"}
    files_of(run.record.folder, run.shards[1])[0].delete()
    assert reusable(run) == {"00002"}


def test_annotations_of_other_settings_are_not_taken_over(run: Annotated) -> None:
    with pytest.raises(RunFolderError, match=r"cannot use the annotations of .*settings\.decode\.min_side differ"):
        reusable(run, decode={"min_side": 3})
    with pytest.raises(RunFolderError, match="of these 3 shards it holds none of the same name"):
        reusable(run, sources=[{**run.source.identity(), "language": "zh"}])


@pytest.mark.parametrize("setting", ["limit", "encoder", "retrieval"])
def test_no_shard_is_taken_over_from_a_run_that_read_otherwise(setting: str, run: Annotated) -> None:
    with pytest.raises(RunFolderError, match=rf"settings\.{setting} differ"):
        reusable(run, **{setting: 5})


def test_embeddings_that_a_source_brings_are_a_part_of_it(run: Annotated) -> None:
    identity = run.identity()
    identity["inputs"]["embeddings"] = {run.source.name: "d"}
    with pytest.raises(RunFolderError, match="of these 3 shards it holds none"):
        find_reused(str(run.record.folder.root), identity, run.shards, run.sources, Console(file=io.StringIO()))
