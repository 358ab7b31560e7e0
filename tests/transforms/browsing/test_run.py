"""A run as Python sees it."""

from __future__ import annotations

import pathlib

import pytest

from tests.transforms.exporting.small_run import draw_tars, small_run, some_copies
from transforms.browsing.run import compare_runs, open_run
from transforms.errors import RunFolderError
from transforms.rejects import Counts
from transforms.run_folder import RunFolder, RunState
from transforms.storage import StoragePath


def test_rows_come_with_their_columns(state: RunState) -> None:
    run = open_run(str(state.folder.root))
    annotated = run.annotations()
    assert annotated["key"].to_pylist() == ["a", "b", "d", "z"] and "concept_ids" in annotated.column_names
    assert run.annotations(["key"], kept=True)["key"].to_pylist() == ["a", "b", "z"]
    assert [len(shard) for shard in run.annotation_shards(["key"])] == [3, 1]
    assert run.selection().column_names == ["source", "shard", "key", "copies", "inclusion_probability"]
    chosen = run.selection(["caption", "shard", "lang"]).to_pylist()
    assert [(row["source"], row["key"], row["copies"], row["caption"], row["lang"]) for row in chosen] == [
        ("web", "b", 1, "a dog and a cat", "en"),
        ("zh", "z", 2, "a caption", "zh"),
    ]
    assert run.selection().to_pandas()["copies"].sum() == 3
    assert run.concepts("rare")["name"].to_pylist() == ["tomcat", "Cat", "dog", "absent"]
    assert run.rejects()["key"].to_pylist() == ["e", "gone", "d", "a"]
    with pytest.raises(RunFolderError, match="lacks the column colour"):
        run.annotations(["colour"])


def test_a_stage_that_is_missing_is_named(state: RunState) -> None:
    state.forget("balance")
    run = open_run(str(state.folder.root))
    assert len(run.annotations(["key"])) == 4
    for look in (run.selection, run.concepts):
        with pytest.raises(RunFolderError, match="stage balance has not run"):
            look()
    with pytest.raises(RunFolderError, match="stage export has not run"):
        run.webdataset()


def test_runs_are_compared_by_their_folders(state: RunState) -> None:
    root = str(state.folder.root)
    assert compare_runs(root, root).total_overlap().both == 2


def test_shards_are_a_webdataset(tmp_path: pathlib.Path) -> None:
    run = small_run(tmp_path / "run", [draw_tars(tmp_path / "raw", 2, 6)], copies=some_copies)
    state = RunState.open(run.folder, {}, {})
    state.finish("export", run.export(name="few", samples_per_shard=4))
    opened = open_run(tmp_path / "run")
    assert [pathlib.Path(path).name for path in opened.shard_paths()] == [f"few-{i:06d}.tar" for i in range(3)]
    samples = list(opened.webdataset())
    assert len(samples) == sum(run.copies.values()) == state.counts("export").rows_out
    first = samples[0]
    source, shard, key = first["__key__"].split("/")[:3]
    assert first["jpg"] == run.images[(source, shard, key.partition(".")[0])]
    assert state.counts("export") == Counts(len(samples), len(samples))


def test_a_run_that_ends_with_an_index_has_no_shards(tmp_path: pathlib.Path) -> None:
    state = RunState.open(RunFolder(StoragePath.of(tmp_path), "f" * 16), {"export": {"form": "index"}}, {})
    state.finish("export", Counts(1, 1))
    with pytest.raises(RunFolderError, match="has no shards: it was built with export: index"):
        open_run(tmp_path).shard_paths()
