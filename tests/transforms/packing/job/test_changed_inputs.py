"""Whether inputs are what was packed: told by what they hold and show, not by where they lie or when they came."""

from __future__ import annotations

import pathlib
import shutil

import pytest

from tests.transforms.packing.corpus import both_sources, pack_all, pack_job, picture
from transforms.packing.inputs import group_inputs, list_inputs
from transforms.packing.job.changed_inputs import PackedInputs
from transforms.packing.job.groups import PackJob, input_name


def packed(job: PackJob) -> PackedInputs:
    inputs = [part for source in job.sources.values() for part in list_inputs(source, job.shards.range_bytes)]
    return PackedInputs(job, group_inputs(inputs, job.pack.group_shards, job.pack.seed))


def changed(products: PackedInputs) -> list[str]:
    return [input_name(part) for part in products.inputs if products.is_changed(part)]


@pytest.fixture
def job(tmp_path: pathlib.Path) -> PackJob:
    job = pack_job(tmp_path / "run", both_sources(tmp_path / "raw", samples=4))
    assert packed(job).made() == []
    pack_all(job)
    return job


def test_what_was_packed_is_as_it_was(job: PackJob) -> None:
    products = packed(job)
    assert [input_name(part) for part in products.made()] == [input_name(part) for part in products.inputs]
    assert changed(products) == []


def test_a_copy_elsewhere_holds_the_same(job: PackJob, tmp_path: pathlib.Path) -> None:
    shutil.copytree(tmp_path / "raw", tmp_path / "copy")
    sources = [
        source.model_copy(update={"path": source.path.replace("/raw/", "/copy/")}) for source in job.sources.values()
    ]
    assert changed(packed(pack_job(tmp_path / "run", sources))) == []


def test_what_records_show_is_a_part_of_them(job: PackJob, tmp_path: pathlib.Path) -> None:
    (tmp_path / "raw" / "instruct" / "media" / "b.png").write_bytes(picture(60, 90, 7, "PNG"))
    assert changed(packed(job)) == ["instruct/records"]


def test_a_group_goes_as_a_whole_and_others_stay(job: PackJob, tmp_path: pathlib.Path) -> None:
    tar = tmp_path / "raw" / "tars" / "part-1.tar"
    tar.write_bytes(tar.read_bytes().replace(b"picture 5 of", b"painted 5 of"))
    products = packed(job)
    assert changed(products) == ["pairs/part-1"]
    [group] = [group for group in products.groups if any(part.name == "part-1" for part in group.inputs)]
    before = {path.name for path in (tmp_path / "run" / "packed").glob("packs-*")}
    products.remove([part for part in products.inputs if part.name == "part-1"])
    gone = before - {path.name for path in (tmp_path / "run" / "packed").glob("packs-*")}
    assert gone and all(name.startswith(f"packs-{group.number:03d}") for name in gone)
    left = {input_name(part) for part in packed(job).made()}
    assert left == {input_name(part) for part in products.inputs if part not in group.inputs}
