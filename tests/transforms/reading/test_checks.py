"""What a look at the inputs finds out before any work, and what the counts of annotate say of the input."""

from __future__ import annotations

import io
import pathlib
import tarfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.transforms.reading.served import Served
from transforms.balancing.settings import BalanceSettings
from transforms.configuration import validate
from transforms.errors import ConfigError, InputError
from transforms.reading import ranges_ahead
from transforms.reading.checks import check_inputs, hint, most_samples
from transforms.reading.input_shard import InputShard
from transforms.reading.listing import list_shards
from transforms.reading.samples import read_samples
from transforms.reading.settings import SourceSettings
from transforms.rejects import Counts, Reject
from transforms.tar import blocks

BYTES_AND_PATHS = pa.struct([("bytes", pa.binary()), ("path", pa.string())])


def source(path: pathlib.Path, format: str, **settings: object) -> SourceSettings:
    return validate({"name": "pairs", "format": format, "path": str(path), **settings}, SourceSettings, "test")


def check(*sources: SourceSettings) -> None:
    shards = [shard for source in sources for shard in list_shards(source)]
    check_inputs(shards, {source.name: source for source in sources})


def parquet(path: pathlib.Path, **columns: object) -> pathlib.Path:
    path.parent.mkdir(exist_ok=True)
    pq.write_table(pa.table(columns), path)
    return path


def tar(path: pathlib.Path, names: list[str]) -> pathlib.Path:
    path.parent.mkdir(exist_ok=True)
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as archive:
        for name in names:
            member = tarfile.TarInfo(name)
            member.size = 5
            archive.addfile(member, io.BytesIO(b"bytes"))
    return path


def test_a_column_that_only_a_later_file_lacks(tmp_path: pathlib.Path) -> None:
    for number in range(9):
        parquet(tmp_path / f"{number}.parquet", image=pa.array([b"x"], pa.binary()), caption=["c"])
    check(source(tmp_path, "parquet"))
    parquet(tmp_path / "8.parquet", image=pa.array([b"x"], pa.binary()), text=["c"])
    with pytest.raises(InputError, match=r"8\.parquet has no column caption; it has image, text"):
        check(source(tmp_path, "parquet"))


@pytest.mark.parametrize(("files", "looked_into"), [(1, {0}), (2, {0, 1}), (5, {0, 1, 2, 3, 4}), (9, {0, 2, 4, 6, 8})])
def test_of_many_files_some_are_looked_into_from_first_to_last(
    tmp_path: pathlib.Path, files: int, looked_into: set[int]
) -> None:
    """A thousand would take as many requests; a crawl that changed halfway is found all the same."""
    for number in range(files):
        tar(tmp_path / f"{number}.tar", ["a.jpg", "a.txt"])
    of_tars = source(tmp_path, "webdataset")
    shards, found = list_shards(of_tars), set()
    for number in range(files):
        whole = (tmp_path / f"{number}.tar").read_bytes()
        (tmp_path / f"{number}.tar").write_bytes(b"x" * len(whole))
        try:
            check_inputs(shards, {of_tars.name: of_tars})
        except InputError as error:
            assert f"{number}.tar" in str(error)
            found.add(number)
        (tmp_path / f"{number}.tar").write_bytes(whole)
    assert found == looked_into


def test_of_a_large_tar_the_beginning_is_looked_at(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranges_ahead, "RANGE_BYTES", 1 << 10)
    monkeypatch.setattr(blocks, "_CHUNK_BYTES", 1 << 10)
    data = tar(tmp_path / "a.tar", [f"{number}.jpg" for number in range(100)]).read_bytes()
    file = Served(data, name="a.tar")
    check_inputs([InputShard("pairs", "a", "webdataset", file, len(data))], {"pairs": source(tmp_path, "webdataset")})
    assert max(offset + size for offset, size in file.reads) <= 4 << 10


def test_paths_in_place_of_bytes(tmp_path: pathlib.Path) -> None:
    rows = [{"bytes": None, "path": "a/b.jpg"}, {"bytes": None, "path": "c.jpg"}]
    path = parquet(tmp_path / "a.parquet", image=pa.array(rows, BYTES_AND_PATHS), caption=["one", "two"])
    with pytest.raises(InputError, match=r"first 2 rows of column image hold paths and no bytes, such as 'a/b\.jpg'"):
        check(source(path, "parquet"))
    images = pa.array(rows, pa.struct([("path", pa.large_string()), ("bytes", pa.binary())]))
    with pytest.raises(InputError, match=r"hold paths and no bytes, such as 'a/b\.jpg'"):
        check(source(parquet(tmp_path / "b.parquet", image=images, caption=["one", "two"]), "parquet"))
    nowhere = pa.array([{"bytes": None}] * 2, pa.struct([("bytes", pa.binary())]))
    check(source(parquet(tmp_path / "b.parquet", image=nowhere, caption=["one", "two"]), "parquet"))
    rows[1]["bytes"] = b"x"  # type: ignore[assignment]
    check(source(parquet(path, image=pa.array(rows, BYTES_AND_PATHS), caption=["one", "two"]), "parquet"))


def test_text_in_place_of_bytes(tmp_path: pathlib.Path) -> None:
    path = parquet(tmp_path / "a.parquet", image=["a/b.jpg"], caption=["one"])
    with pytest.raises(InputError, match=r"column image holds string; .*embed_table_storage.*img2dataset"):
        check(source(path, "parquet"))


def test_the_remedy_for_paths_is_one(tmp_path: pathlib.Path) -> None:
    """The words of the error, done: the file can then be read."""
    import datasets
    from datasets.table import embed_table_storage

    (tmp_path / "a.png").write_bytes(b"\x89PNG")
    ds = datasets.Dataset.from_dict({"image": [str(tmp_path / "a.png")], "caption": ["one"]})
    ds = ds.cast_column("image", datasets.Image())
    ds.to_parquet(tmp_path / "paths.parquet")
    with pytest.raises(InputError, match="hold paths and no bytes"):
        check(source(tmp_path / "paths.parquet", "parquet"))
    ds.with_format("arrow").map(embed_table_storage, batched=True).with_format(None).to_parquet(tmp_path / "b.parquet")
    check(source(tmp_path / "b.parquet", "parquet"))


def test_a_tar_that_is_none(tmp_path: pathlib.Path) -> None:
    tar(tmp_path / "a.tar", ["a.jpg", "a.txt"])
    check(source(tmp_path, "webdataset"))
    (tmp_path / "b.tar").write_bytes(b"\x1f\x8b" + bytes(2000))
    with pytest.raises(InputError, match=r"b\.tar is (compressed|no tar)"):
        check(source(tmp_path, "webdataset"))


def test_the_most_samples_that_files_can_hold(tmp_path: pathlib.Path) -> None:
    (tmp_path / "photos").mkdir()
    for number in range(3):
        (tmp_path / "photos" / f"{number}.jpg").write_bytes(b"x")
    sources = [
        source(tmp_path / "photos", "folder", name="photos"),
        source(tar(tmp_path / "t" / "a.tar", ["a.jpg", "a.txt", "b.jpg", "b.txt"]), "webdataset", name="tars"),
        source(parquet(tmp_path / "p" / "a.parquet", image=[b"x"] * 7), "parquet", name="rows"),
    ]
    most = most_samples([shard for source in sources for shard in list_shards(source)])
    assert most == {"photos": 3, "tars": 10, "rows": 7}  # tarfile pads to 20 blocks
    BalanceSettings(size=20).check_size(most)
    BalanceSettings(size=40, max_copies=2).check_size(most)
    BalanceSettings(size=10**6).check_size(most | {"rows": None})
    for settings, says in (
        ({"size": 21}, r"balance\.size is 21, but the input cannot hold more than 20 samples"),
        ({"size": 41, "max_copies": 2}, "20 samples.*each may be taken 2 times"),
        ({"size": 5, "strata": {"by": "source", "sizes": {"photos": 4, "rows": 1}}}, r"sizes\.photos is 4, .* 3"),
        ({"size": 1, "strata": {"by": "source", "sizes": {"fotos": 1}}}, r"sizes\.fotos is 1, .* 0"),
    ):
        with pytest.raises(ConfigError, match=says):
            BalanceSettings.model_validate(settings).check_size(most)


def annotated(source: SourceSettings) -> Counts:
    """The counts that reading leaves; decoding has no part in the hint."""
    samples = [sample for shard in list_shards(source) for sample in read_samples(shard, source)]
    rejects = [sample for sample in samples if isinstance(sample, Reject)]
    return Counts.of(len(samples) - len(rejects), rejects)


@pytest.mark.parametrize("caption", ["required", "optional"])
@pytest.mark.parametrize("endings", [("jpg", "txt"), ("txt", "jpg")])
def test_an_unsorted_tar_gets_the_hint_that_mends_it(
    tmp_path: pathlib.Path, endings: tuple[str, str], caption: str
) -> None:
    names = [f"{number}.{ending}" for ending in endings for number in range(50)]
    settings = source(tar(tmp_path / "a.tar", names), "webdataset", caption=caption)
    said = hint(annotated(settings), {"webdataset"})
    assert said is not None
    assert said.startswith("50 times the key of an earlier sample")
    assert "tar --sort=name" in said
    tar(tmp_path / "a.tar", sorted(names))
    assert annotated(settings) == Counts(50, 50)


def test_a_few_keys_that_come_again_are_no_unsorted_tar() -> None:
    assert hint(Counts(1000, 900, {"duplicate_key": 9, "missing_image": 91}), {"webdataset"}) is None
    assert hint(Counts(1000, 900, {"duplicate_key": 100}), {"folder"}) is None
