"""A positioned read gives the bytes that reading from start to end gave."""

from __future__ import annotations

import concurrent.futures
import os
import pathlib
import tarfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.transforms.reading.tars import only_shard, tar_bytes, triple
from transforms.errors import InputError
from transforms.reading.listing import list_shards
from transforms.reading.random_access import ImageReader
from transforms.reading.samples import RawSample, read_samples
from transforms.reading.settings import SourceSettings

REAL_DATA = pathlib.Path(
    os.environ.get("EVENWEAVE_REAL_DATA", pathlib.Path(__file__).resolve().parents[3] / "../shared/data")
)
needs_real_data = pytest.mark.skipif(not REAL_DATA.is_dir(), reason="real data is absent: set EVENWEAVE_REAL_DATA")


@pytest.mark.parametrize("tar_format", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_tar(tmp_path: pathlib.Path, tar_format: int) -> None:
    members = [member for index in range(40) for member in triple(f"{'long/' * (index % 25)}{index}")]
    shard, source = only_shard(tmp_path / "a.tar", tar_bytes(members, tar_format))
    samples = [item for item in read_samples(shard, source) if isinstance(item, RawSample)]
    assert len(samples) == 40
    with ImageReader(shard, source) as reader, concurrent.futures.ThreadPoolExecutor(4) as threads:
        images = threads.map(lambda sample: reader.read(sample.member_offset, sample.member_bytes), samples)
        assert list(images) == [sample.image for sample in samples]


def test_an_input_that_was_changed_is_noticed(tmp_path: pathlib.Path) -> None:
    shard, source = only_shard(tmp_path / "a.tar", tar_bytes(triple("a")))
    with ImageReader(shard, source) as reader, pytest.raises(InputError, match=r"a\.tar"):
        reader.read(1 << 30, 10)
    shard.path.delete()
    with pytest.raises(InputError, match=r"a\.tar is gone"):
        ImageReader(shard, source)


def test_a_folder_that_was_changed_is_noticed(tmp_path: pathlib.Path) -> None:
    for name in ("a.jpg", "b.jpg"):
        (tmp_path / name).write_bytes(b"image")
    source = SourceSettings(name="test", format="folder", path=str(tmp_path))
    [shard] = list_shards(source)
    (tmp_path / "a.jpg").write_bytes(b"another image")
    (tmp_path / "b.jpg").unlink()
    with ImageReader(shard, source) as reader:
        with pytest.raises(InputError, match="has 13 bytes, had 5"):
            reader.read(0, 5)
        with pytest.raises(InputError, match="the input was changed"):
            reader.read(1, 5)
        with pytest.raises(InputError, match="the input was changed"):
            reader.read(2, 5)


def test_a_parquet_that_was_damaged_is_an_error_that_names_it(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"image": [bytes(range(256)) * 9] * 3, "caption": ["a", "b", "c"]}), path)
    source = SourceSettings(name="test", format="parquet", path=str(path))
    [shard] = list_shards(source)
    data = bytearray(path.read_bytes())
    data[4:60] = b"\xff" * 56
    path.write_bytes(data)
    with ImageReader(shard, source) as reader, pytest.raises(InputError, match=r"a\.parquet: row group 0 is damaged"):
        reader.read(0, 256 * 9)


@needs_real_data
@pytest.mark.parametrize(("layout", "folder", "count"), [("webdataset", "cc12m", 32), ("folder", "photos", 500)])
def test_real_data(layout: str, folder: str, count: int) -> None:
    path = str(REAL_DATA / folder)
    source = SourceSettings.model_validate({"name": "real", "format": layout, "path": path, "caption": "optional"})
    total = 0
    for shard in list_shards(source):
        with ImageReader(shard, source) as reader:
            for sample in read_samples(shard, source):
                assert isinstance(sample, RawSample)
                assert reader.read(sample.member_offset, sample.member_bytes) == sample.image
                assert sample.caption or layout == "folder"
                total += 1
    assert total == count
