"""A group from start to end: its outcome at rest, its keys, and its rejects by input."""

from __future__ import annotations

import json
import pathlib
import tarfile

import pyarrow.parquet as pq
import pytest

from tests.transforms.packing.corpus import both_sources, pack_all, pack_job, pair, write_tar
from transforms.errors import InputError
from transforms.packing.documents.media import LocatedDocument
from transforms.packing.job import groups
from transforms.packing.sources import Layout, PackSource


@pytest.mark.parametrize("layout", ["native", "messages"])
def test_a_group_that_is_done_is_not_done_again(tmp_path: pathlib.Path, layout: Layout) -> None:
    """Its outcome is read back as it was, tally and all; the layout that is not packed has none."""
    job = pack_job(tmp_path / "run", both_sources(tmp_path, tars=1, samples=4), layout=layout)
    outcomes = pack_all(job)
    assert all((outcome.tally is None) == (layout == "messages") for outcome in outcomes)
    written = {path: path.stat().st_mtime_ns for path in (tmp_path / "run" / "packed").rglob("*") if path.is_file()}
    assert pack_all(job) == outcomes
    again = {path for path, time in written.items() if path.stat().st_mtime_ns != time}
    assert {path.name for path in again} <= {"packing.json", "manifest.json", "README.md"}


def test_a_group_has_as_many_packs_as_are_numbered(monkeypatch: pytest.MonkeyPatch) -> None:
    packs: list[list[LocatedDocument]] = [[], [], []]
    assert [key for key, _ in groups._keyed_packs(2, packs)] == ["ps_02000000", "ps_02000001", "ps_02000002"]
    monkeypatch.setattr(groups, "_PACKS_PER_GROUP", 3)
    assert len(list(groups._keyed_packs(0, packs))) == 3
    with pytest.raises(InputError, match=r"group 7 fills 4 packs, at most 3 are numbered. Lower pack.group_shards"):
        list(groups._keyed_packs(7, [*packs, []]))


def test_rejects_of_the_reader_are_counted_and_kept_by_input(tmp_path: pathlib.Path) -> None:
    """One input with rejects of its reader, one with a reject of its measuring, one with none."""
    write_tar(
        tmp_path / "raw" / "bad.tar", {**pair("fine", 50, 40, 1), "mute.txt": b"x", "page.jpg": b"<", "page.txt": b"x"}
    )
    write_tar(tmp_path / "raw" / "long.tar", {**pair("large", 900, 900, 2), **pair("small", 40, 40, 3)})
    write_tar(tmp_path / "raw" / "good.tar", pair("good", 50, 40, 4))
    source = PackSource(name="pairs", format="webdataset", path=str(tmp_path / "raw"))
    [record] = pack_all(pack_job(tmp_path, [source], group_shards=3))
    assert record.counts.to_dict() == {
        "rows_in": 6,
        "rows_out": 3,
        "rejects": {"missing_image": 1, "too_long": 1, "undecodable_image": 1},
    }
    found = {
        path.stem: [(row["key"], row["reason"], row["shard"]) for row in pq.read_table(path).to_pylist()]
        for path in (tmp_path / "rejects" / "pack" / "pairs").iterdir()
    }
    assert found == {
        "bad": [("mute", "missing_image", "bad"), ("page", "undecodable_image", "bad")],
        "long": [("large", "too_long", "long")],
    }


def test_keys_of_packs_tell_the_group(tmp_path: pathlib.Path) -> None:
    for number in range(4):
        write_tar(
            tmp_path / "raw" / f"{number}.tar", {**pair(f"{number}a", 300, 300, 1), **pair(f"{number}b", 300, 300, 2)}
        )
    source = PackSource(name="pairs", format="webdataset", path=str(tmp_path / "raw"))
    job = pack_job(tmp_path, [source], group_shards=2, pack_tokens=256)
    assert len(pack_all(job)) == 2
    for group in (0, 1):
        with tarfile.open(tmp_path / "packed" / f"packs-{group:03d}000.tar") as tar:
            keys = list(dict.fromkeys(name.split(".")[0] for name in tar.getnames()))
            about = [json.loads(tar.extractfile(f"{key}.json").read()) for key in keys]
        assert keys == [f"ps_{group:02d}{number:06d}" for number in range(len(keys))]
        assert len(keys) > 1 and sum(len(one["documents"]) for one in about) == 4
