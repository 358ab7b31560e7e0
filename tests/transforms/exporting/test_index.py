"""The selection as an index: with it and their own tars a user has what export would have written."""

from __future__ import annotations

import json
import pathlib
import tarfile

import pytest

from pipelines.engine.in_process import InProcessEngine
from pipelines.engine.settings import RunnerSettings
from pipelines.export import run_index
from tests.transforms.exporting.small_run import SmallRun, draw_tars, small_run, some_copies
from transforms.datasets import ShardName, read_table
from transforms.exporting.index import INDEX, write_index
from transforms.rejects import Counts


@pytest.fixture
def run(tmp_path: pathlib.Path) -> SmallRun:
    return small_run(tmp_path / "run", [draw_tars(tmp_path / "raw" / "some", 2, 10)], some_copies)


def test_it_leads_to_the_selected_images_in_ones_own_tars(run: SmallRun) -> None:
    names = [ShardName(shard.source, shard.name) for shard in run.inputs]
    run_index(run.folder, names, InProcessEngine(RunnerSettings(workers=1)))
    found = {}
    for shard in run.inputs:
        table = read_table(run.folder.index(shard.source, shard.name), run.folder.fingerprint)
        assert table.schema.equals(INDEX)
        assert table["weight"].to_pylist() == [8.0] * len(table)
        with tarfile.open(shard.path.path) as tar:
            members = {member.offset_data: member.name for member in tar}
        for row in table.to_pylist():
            assert members[row["member_offset"]] == f"{row['key']}.jpg"
            found[shard.source, shard.name, row["key"]] = row["copies"]
    assert found == run.copies
    copies = sum(run.copies.values())
    assert Counts.from_dict(json.loads(run.folder.counts("export").read_text())) == Counts(copies, copies)


def test_what_is_there_stays(run: SmallRun) -> None:
    name = ShardName(run.inputs[0].source, run.inputs[0].name)
    first = write_index(run.folder, name)
    run.folder.selection(*name).delete()
    assert write_index(run.folder, name) == first
