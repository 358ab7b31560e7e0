"""Inputs of the same name and size: copied, they go on; with other content they stop the run, or are done again."""

from __future__ import annotations

import io
import os
import pathlib
from typing import Any

import pyarrow as pa
import pytest
from rich.console import Console

from pipelines.input_versions import settle_inputs
from tests.transforms.exporting.small_run import draw_tars
from transforms.annotating.changed_inputs import INPUT_DIGEST, AnnotatedInputs, files_of
from transforms.annotating.input_digest import digest_of
from transforms.datasets import SELECTION, read_table, write_table
from transforms.errors import InputError
from transforms.reading.listing import InputShard, list_shards
from transforms.reading.settings import SourceSettings
from transforms.rejects import Counts
from transforms.run_folder import RunFolder, RunState
from transforms.stages import ANNOTATE, BALANCE, VOCABULARY
from transforms.storage import StoragePath


class Annotated:
    """Three tars, a run that has annotated and balanced them, and the first tar remade in another order."""

    def __init__(self, root: pathlib.Path) -> None:
        self.tars = root / "raw"
        self.source = draw_tars(self.tars, shards=3, samples=4)
        self.record = RunState.open(RunFolder(StoragePath.of(root / "run"), "f" * 16), {}, self.identity())
        self.settle()
        for shard in self.shards:
            path, _ = files_of(self.record.folder, shard)
            digest = {INPUT_DIGEST: digest_of(shard, self.source)}
            write_table(path, pa.table({"key": ["a"]}), "f" * 16, Counts(1, 1), digest)
            selection = self.record.folder.selection(shard.source, shard.name)
            write_table(selection, SELECTION.empty_table(), "f" * 16, Counts(1, 0, {"not_selected": 1}))
        for stage in (VOCABULARY, ANNOTATE, BALANCE):
            self.record.finish(stage.name, Counts(3, 3))

    def identity(self, **changed: Any) -> dict[str, Any]:
        """As that of a build, but for what annotations do not depend on."""
        settings = {"decode": {}, "encoder": {}, "retrieval": {}, "sources": [self.source.identity()]}
        return {"settings": {**settings, **changed}, "inputs": {"encoder": "e", "vocabulary": "v"}}

    @property
    def shards(self) -> list[InputShard]:
        return list_shards(self.source)

    @property
    def sources(self) -> dict[str, SourceSettings]:
        return {self.source.name: self.source}

    def settle(self, accept_changed: bool = False) -> None:
        self.console = Console(file=io.StringIO(), width=200)
        products = AnnotatedInputs(self.record.folder, self.shards, self.sources)
        settle_inputs(self.record, products, accept_changed, self.console)

    @property
    def said(self) -> str:
        assert isinstance(self.console.file, io.StringIO)
        return self.console.file.getvalue()

    def change(self) -> None:
        """A caption, to another of the same length."""
        path = self.tars / "00000.tar"
        data = path.read_bytes()
        assert data.count(b"image 0 1") == 1
        path.write_bytes(data.replace(b"image 0 1", b"other 0 1"))

    def versions(self) -> list[str]:
        values: list[str] = read_table(self.record.folder.inputs, "f" * 16)["version"].to_pylist()
        return values


@pytest.fixture
def run(tmp_path: pathlib.Path) -> Annotated:
    return Annotated(tmp_path)


def test_a_copy_of_the_same_content_goes_on(run: Annotated) -> None:
    before = run.versions()
    os.utime(run.tars / "00001.tar", ns=(1, 1))
    run.settle()
    assert run.versions() == [before[0], "1", before[2]]
    assert run.record.is_done(BALANCE.name)


def test_other_content_stops_the_run_and_is_named(run: Annotated) -> None:
    before = run.versions()
    run.change()
    for _ in range(2):
        with pytest.raises(InputError, match=r"^1 input shard \(raw/00000\) .*--accept-changed"):
            run.settle()
    assert run.versions() == before
    assert run.record.is_done(BALANCE.name)


def test_accepted_it_is_done_again_with_what_was_made_of_it(run: Annotated) -> None:
    run.change()
    run.settle(accept_changed=True)
    folder = run.record.folder
    assert [files_of(folder, shard)[0].exists() for shard in run.shards] == [False, True, True]
    assert (folder.root / "selection").walk() == []
    assert set(RunState.read(folder.root).values["stages"]) == {VOCABULARY.name}
    run.settle()  # what is new is known now


def test_without_what_tells_of_versions_all_are_compared(run: Annotated) -> None:
    run.record.folder.inputs.delete()
    run.settle()
    assert "3 of 3 may have changed: reading them" in run.said
    run.settle()
    assert run.said == ""
    run.record.folder.inputs.delete()
    run.change()
    with pytest.raises(InputError, match=r"^1 input shard \(raw/00000\) .*--accept-changed"):
        run.settle()
    run.record.forget(ANNOTATE.name, BALANCE.name)  # as a repair leaves it: what was annotated stays
    with pytest.raises(InputError, match=r"^1 input shard \(raw/00000\) .*--accept-changed"):
        run.settle()
