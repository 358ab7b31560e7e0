"""Parquet with image bytes, in every dress that Arrow gives them."""

from __future__ import annotations

import pathlib
from collections.abc import Iterable
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from transforms.errors import InputError
from transforms.names import encode_name
from transforms.reading.formats.parquet import plan_columns, read_batches
from transforms.reading.listing import list_shards
from transforms.reading.random_access import ImageReader
from transforms.reading.retried_file import RetriedFile
from transforms.reading.samples import RawSample, read_samples
from transforms.reading.settings import SourceSettings
from transforms.rejects import Reason, Reject
from transforms.storage import StoragePath

IMAGES = [b"image zero", b"image one", b"image two"]
CAPTIONS = ["zero", "eins", "二"]


def read(path: pathlib.Path, table: pa.Table, **settings: Any) -> list[RawSample | Reject]:
    pq.write_table(table, path, row_group_size=2)
    source = SourceSettings(name="test", format="parquet", path=str(path), **settings)
    [shard] = list_shards(source)
    found = list(read_samples(shard, source))
    with ImageReader(shard, source) as reader:
        for item in reversed(found):
            if isinstance(item, RawSample):
                assert reader.read(item.member_offset, item.member_bytes) == item.image
    return found


STRUCT = pa.struct([("bytes", pa.binary()), ("path", pa.string())])


@pytest.mark.parametrize(
    "images",
    [
        pa.array(IMAGES, pa.binary()),
        pa.array(IMAGES, pa.large_binary()),
        pa.array(IMAGES, pa.binary()).dictionary_encode(),
        pa.array([{"bytes": image, "path": "x.jpg"} for image in IMAGES], STRUCT),
        pa.array(
            [{"bytes": image, "path": None} for image in IMAGES],
            pa.struct([("path", pa.large_string()), ("bytes", pa.large_binary())]),
        ),
    ],
    ids=["binary", "large", "dictionary", "struct", "large struct"],
)
@pytest.mark.parametrize("captions", [pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string())], ids=str)
def test_types(tmp_path: pathlib.Path, images: pa.Array, captions: pa.DataType) -> None:
    texts = pa.array(CAPTIONS).dictionary_encode() if pa.types.is_dictionary(captions) else pa.array(CAPTIONS, captions)
    found = read(tmp_path / "a.parquet", pa.table({"image": images, "caption": texts}))
    assert found == [
        RawSample(f"{row:09d}", IMAGES[row], CAPTIONS[row], None, row, len(IMAGES[row])) for row in range(3)
    ]


@pytest.mark.parametrize(
    ("ids", "keys", "source_keys"),
    [
        (["x/a.jpg", "b", "c"], ["x/a_jpg", "b", "c"], ["x/a.jpg", None, None]),
        ([7, 8, 9], ["7", "8", "9"], [None] * 3),
    ],
)
def test_keys_from_a_column(tmp_path: pathlib.Path, ids: list[Any], keys: list[str], source_keys: list[Any]) -> None:
    table = pa.table({"image": IMAGES, "caption": CAPTIONS, "id": ids})
    found = read(tmp_path / "a.parquet", table, key_column="id")
    assert [item.key for item in found] == keys
    assert [item.source_key for item in found if isinstance(item, RawSample)] == source_keys


def test_keys_that_are_not_utf8_are_kept_apart(tmp_path: pathlib.Path) -> None:
    keys = ["x狗".encode("gbk"), "狗".encode(), b"x\\xb9\\xb7"]
    found = read(tmp_path / "a.parquet", pa.table({"image": IMAGES, "caption": CAPTIONS, "id": keys}), key_column="id")
    assert [encode_name(item.key) for item in found if isinstance(item, RawSample)] == keys


def test_every_bad_row_is_one_reject(tmp_path: pathlib.Path) -> None:
    rows = [
        ({"bytes": b"good", "path": None}, b"text", "a"),
        (None, b"text", "b"),
        ({"bytes": None, "path": "elsewhere.jpg"}, b"text", "c"),
        ({"bytes": b"", "path": None}, b"text", "d"),
        ({"bytes": b"x", "path": None}, None, "e"),
        ({"bytes": b"x", "path": None}, b"\xff", "f"),
        ({"bytes": b"x", "path": None}, b"text", "a"),
        ({"bytes": b"x", "path": None}, b"text", "../up"),
        ({"bytes": b"x", "path": None}, b"text", None),
    ]
    images, captions, keys = zip(*rows, strict=True)
    table = pa.table({"image": pa.array(images, STRUCT), "caption": captions, "key": keys})
    found = read(tmp_path / "a.parquet", table, key_column="key")
    assert [item.reason if isinstance(item, Reject) else item.key for item in found] == [
        "a",
        Reason.MISSING_IMAGE,
        Reason.MISSING_IMAGE,
        Reason.EMPTY_IMAGE,
        Reason.MISSING_CAPTION,
        Reason.UNDECODABLE_CAPTION,
        Reason.DUPLICATE_KEY,
        Reason.UNSAFE_MEMBER_NAME,
        "000000008",
    ]


def test_more_rows_than_a_batch(tmp_path: pathlib.Path) -> None:
    images = [f"image {row}".encode() for row in range(700)]
    found = read(tmp_path / "a.parquet", pa.table({"image": images}), caption="optional")
    assert [item[1] for item in found] == images


def test_rows_come_so_many_at_a_time(tmp_path: pathlib.Path) -> None:
    """Images of a whole row group would not fit memory."""
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"image": [b"x"] * 700}), path)
    file = pq.ParquetFile(path)
    assert [batch.num_rows for batch in read_batches(file, ["image"], StoragePath.of(path), 300)] == [300, 300, 100]
    assert max(batch.num_rows for batch in read_batches(file, ["image"], StoragePath.of(path))) <= 256


@pytest.mark.parametrize("row", [3, 4, 1000])
def test_a_row_behind_the_last_is_no_image(tmp_path: pathlib.Path, row: int) -> None:
    read(tmp_path / "a.parquet", pa.table({"image": IMAGES}), caption="optional")
    source = SourceSettings(name="test", format="parquet", path=str(tmp_path), caption="optional")
    [shard] = list_shards(source)
    with ImageReader(shard, source) as reader, pytest.raises(InputError, match="the input was changed"):
        reader.read(row, 1)


class Planned(RetriedFile):
    """Keeps what it was told to expect, and what was then read."""

    def __init__(self, path: StoragePath) -> None:
        super().__init__(path)
        self.planned: set[int] = set()
        self.read_bytes: set[int] = set()

    def plan(self, stretches: Iterable[tuple[int, int]]) -> None:
        for begin, end in stretches:
            self.planned.update(range(begin, end))
        self.read_bytes.clear()

    def read(self, size: int | None = -1) -> bytes:
        begin = self.tell()
        data = super().read(size)
        self.read_bytes.update(range(begin, self.tell()))
        return data


@pytest.mark.parametrize("columns", [["image"], ["image", "caption"], ["extra"]])
def test_what_is_planned_is_what_is_read(tmp_path: pathlib.Path, columns: list[str]) -> None:
    """With dictionaries, in structs and in several row groups; and not what stands between, unless it is small."""
    images = pa.array([{"bytes": bytes([row]) * 900, "path": f"{row % 3}.jpg"} for row in range(40)], STRUCT)
    extra = [bytes([row]) * 1500 for row in range(40)]
    table = pa.table({"extra": extra, "image": images, "caption": ["c", "d"] * 20, "image_id": range(40)})
    pq.write_table(table, tmp_path / "a.parquet", row_group_size=15, compression="none")
    path = StoragePath.of(tmp_path / "a.parquet")
    with Planned(path) as stream:
        file = pq.ParquetFile(stream)
        plan_columns(stream, file.metadata, columns)
        assert sum(batch.num_rows for batch in read_batches(file, columns, path)) == 40
        assert stream.planned and stream.read_bytes == stream.planned
        plan_columns(stream, file.metadata, columns, limit=1)
        assert stream.read_bytes  # of a trial nothing is planned


@pytest.mark.parametrize("name", ["image", "caption", "key", "other"])
def test_a_column_named_twice_is_an_error_if_it_is_used(tmp_path: pathlib.Path, name: str) -> None:
    columns = [pa.array(IMAGES), pa.array(CAPTIONS), pa.array(["a", "b", "c"]), pa.array(IMAGES), pa.array(IMAGES)]
    table = pa.Table.from_arrays(columns, names=["image", "caption", "key", "other", name])
    if name == "other":
        assert len(read(tmp_path / "a.parquet", table, key_column="key")) == 3
        return
    with pytest.raises(InputError, match=rf"a\.parquet has 2 columns of the name {name}"):
        read(tmp_path / "a.parquet", table, key_column="key")


@pytest.mark.parametrize("missing", ["image", "caption", "key"])
def test_a_missing_column_is_named_with_those_there_are(tmp_path: pathlib.Path, missing: str) -> None:
    columns = {"image": IMAGES, "caption": CAPTIONS, "key": ["a", "b", "c"], "extra": [1, 2, 3]}
    del columns[missing]
    with pytest.raises(InputError, match=rf"a\.parquet has no column {missing}; it has .*extra"):
        read(tmp_path / "a.parquet", pa.table(columns), key_column="key")


def test_a_list_of_urls_is_to_be_downloaded_first(tmp_path: pathlib.Path) -> None:
    listed = pa.table({"URL": ["http://a/1.jpg"], "caption": ["a dog"]})
    with pytest.raises(InputError, match=r"no column image; it has URL, caption\..*If URL says where .* img2dataset"):
        read(tmp_path / "a.parquet", listed)


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"image": ["a.jpg"], "caption": ["x"]}, "column image holds string"),
        ({"image": [b"a"], "caption": [["x"]]}, "caption holds list"),
    ],
)
def test_a_column_of_another_type_is_named(tmp_path: pathlib.Path, columns: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        read(tmp_path / "a.parquet", pa.table(columns))


@pytest.mark.parametrize("keep", [0, 3, 100])
def test_a_file_that_is_no_parquet_is_named(tmp_path: pathlib.Path, keep: int) -> None:
    path = tmp_path / "whole.parquet"
    pq.write_table(pa.table({"image": IMAGES, "caption": CAPTIONS}), path)
    broken = tmp_path / "broken.parquet"
    broken.write_bytes(path.read_bytes()[:keep])
    source = SourceSettings(name="test", format="parquet", path=str(broken))
    with pytest.raises(InputError, match=r"broken\.parquet is no Parquet"):
        list(read_samples(list_shards(source)[0], source))


def test_damaged_pages_are_an_error_that_names_the_file(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"image": [bytes(range(256)) * 9] * 3, "caption": CAPTIONS}), path)
    data = bytearray(path.read_bytes())
    data[4:60] = b"\xff" * 56
    path.write_bytes(data)
    source = SourceSettings(name="test", format="parquet", path=str(path))
    with pytest.raises(InputError, match=r"a\.parquet is damaged"):
        list(read_samples(list_shards(source)[0], source))
