"""Documents in Parquet: each image a sample, from tars of downloads or from a column, and the same bytes for export."""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
from typing import Any

import psutil
import pyarrow as pa
import pytest

from tests.transforms.reading.formats.documents import (
    DOCUMENTS,
    downloaded,
    encoded,
    picture,
    write_documents,
    write_tar,
)
from transforms.errors import InputError
from transforms.reading.checks import check_inputs, most_samples
from transforms.reading.detect import detect_source
from transforms.reading.formats import webdataset
from transforms.reading.formats.downloads import DownloadedImages
from transforms.reading.listing import InputShard, list_shards
from transforms.reading.random_access import ImageReader
from transforms.reading.samples import RawSample, read_samples
from transforms.reading.settings import SourceSettings
from transforms.rejects import Reject
from transforms.storage import StoragePath

CAT, MAT, DOG = (encoded(picture(seed)) for seed in range(3))
BYTES_AND_PATH = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
STORED = {"https://a.example/cat.jpg": CAT, "https://a.example/mat.png": MAT, "https://b.example/狗.jpg": DOG}


def settings(path: pathlib.Path, **values: Any) -> SourceSettings:
    given = {"name": "web", "format": "interleaved_parquet", "path": str(path), "caption": "optional", **values}
    return SourceSettings.model_validate(given)


def read(source: SourceSettings) -> tuple[list[RawSample], list[Reject]]:
    """All of it; and each image is found again, byte for byte."""
    samples, rejects = [], []
    for shard in list_shards(source):
        of_shard = []
        for item in read_samples(shard, source):
            (rejects if isinstance(item, Reject) else of_shard).append(item)
        with ImageReader(shard, source) as images:
            for sample in reversed(of_shard):
                assert images.read(sample.member_offset, sample.member_bytes) == sample.image
        samples += of_shard
    return samples, rejects


def in_tars(folder: pathlib.Path) -> pathlib.Path:
    write_documents(folder / "docs" / "a.parquet")
    cat, mat, dog = STORED.items()
    write_tar(folder / "docs" / "a" / "00000.tar", downloaded(dict([dog, cat])))
    write_tar(folder / "docs" / "a" / "00001.tar", downloaded(dict([cat, mat]), first=10000))
    write_documents(folder / "docs" / "a" / "00000.parquet")  # img2dataset's own table: no documents
    return folder / "docs"


def in_column(path: pathlib.Path, kind: str = "binary") -> pathlib.Path:
    rows = [[None if url is None else STORED.get(url) for url in urls] for _, urls in DOCUMENTS]
    if kind == "binary":
        return write_documents(path, picture=pa.array(rows, pa.list_(pa.binary())))
    paired = [[None if data is None else {"bytes": data, "path": "p"} for data in row] for row in rows]
    return write_documents(
        path, picture=pa.array(paired, pa.list_(pa.struct([("bytes", pa.binary()), ("path", pa.string())])))
    )


def test_images_in_tars(tmp_path: pathlib.Path) -> None:
    samples, rejects = read(settings(in_tars(tmp_path)))
    assert [(sample.key, sample.image, sample.caption) for sample in samples] == [
        ("000000001_0001", DOG, "狗。"),
        ("000000000_0001", CAT, "A cat on a mat."),
        ("000000001_0000", CAT, "狗。"),
        ("000000000_0003", MAT, "More on mats."),
    ]
    assert [(reject.key, reject.reason) for reject in rejects] == [("000000003_0001", "missing_image")]


@pytest.mark.parametrize("kind", ["binary", "struct"])
def test_images_in_a_column(tmp_path: pathlib.Path, kind: str) -> None:
    path = in_column(tmp_path / "a.parquet", kind)
    samples, rejects = read(settings(path, document_images="column", image_column="picture"))
    assert [(sample.key, sample.image, sample.caption) for sample in samples] == [
        ("000000000_0001", CAT, "A cat on a mat."),
        ("000000000_0003", MAT, "More on mats."),
        ("000000001_0000", CAT, "狗。"),
        ("000000001_0001", DOG, "狗。"),
    ]
    assert [(reject.key, reject.reason) for reject in rejects] == [("000000003_0001", "missing_image")]


def test_images_in_the_place_of_their_urls(tmp_path: pathlib.Path) -> None:
    rows = [[None, {"bytes": CAT, "path": "cat.jpg"}], [{"bytes": DOG, "path": None}]]
    images = pa.array(rows, pa.list_(BYTES_AND_PATH))
    documents = [(["a cat", None], [None, None]), ([None], [None])]
    path = write_documents(tmp_path / "a.parquet", documents, images=images, metadata=None, general_metadata=None)
    samples, rejects = read(settings(path, document_images="column", image_column="images"))
    assert [(sample.image, sample.caption) for sample in samples] == [(CAT, "a cat"), (DOG, None)]
    assert [json.loads(sample.source_record or "")["image"] for sample in samples] == ["cat.jpg", ""]
    assert rejects == []


@pytest.mark.parametrize(
    ("rule", "captions"),
    [
        ("alt", ["alt of cat.jpg", "alt of mat.png", "alt of cat.jpg", "alt of e/狗.jpg"]),
        ("none", [None] * 4),
    ],
)
def test_the_rule_for_captions(tmp_path: pathlib.Path, rule: str, captions: list[str | None]) -> None:
    path = in_column(tmp_path / "a.parquet")
    source = settings(path, document_images="column", image_column="picture", document_text=rule)
    assert [sample.caption for sample in read(source)[0]] == captions


def test_document_and_position_are_kept(tmp_path: pathlib.Path) -> None:
    sample = read(settings(in_tars(tmp_path)))[0][0]
    assert json.loads(sample.source_record or "") == {
        "document": "000000001",
        "position": 1,
        "image": "https://b.example/狗.jpg",
        "metadata": {"src": "https://b.example/狗.jpg", "alt_text": "alt of e/狗.jpg", "original_width": 40},
        "document_metadata": {"url": "https://page/1"},
    }


def test_what_does_not_fit_together(tmp_path: pathlib.Path) -> None:
    """A row of lists of two lengths, metadata that cannot be read, text that is not UTF-8."""
    texts = pa.array([[b"a"], [b"\xff", None], [None]], pa.list_(pa.binary())).cast(pa.list_(pa.string()), safe=False)
    documents = [(["a"], [None, None]), (["", None], [None, "u"]), ([None], ["u"])]
    stored = pa.array([[None, CAT], [None, CAT], [DOG]], pa.list_(pa.binary()))
    columns = {"texts": texts, "picture": stored, "metadata": ["[", "{}", "[[" * 5000], "general_metadata": None}
    path = write_documents(tmp_path / "a.parquet", documents, **columns)
    samples, rejects = read(settings(path, document_images="column", image_column="picture"))
    assert [(reject.key, reject.reason) for reject in rejects] == [
        ("000000000", "malformed_record"),
        ("000000001_0001", "undecodable_caption"),
    ]
    assert [sample.image for sample in samples] == [DOG]
    samples, rejects = read(settings(path, document_images="column", image_column="picture", caption="required"))
    assert rejects[-1].reason == "missing_caption" and samples == []


def test_a_download_of_no_document_is_a_reject(tmp_path: pathlib.Path) -> None:
    folder = in_tars(tmp_path)
    write_tar(folder / "a" / "00002.tar", {**downloaded({"https://x/": CAT}), "1.jpg": CAT})
    rejects = read(settings(folder))[1]
    assert [(reject.key, reject.reason) for reject in rejects] == [
        ("a/00002.tar:000000000", "not_in_document"),
        ("a/00002.tar:1", "not_in_document"),
        ("000000003_0001", "missing_image"),
    ]


def test_what_cannot_be_read_of_a_tar_is_a_reject_by_its_name(tmp_path: pathlib.Path) -> None:
    folder = in_tars(tmp_path)
    path = folder / "a" / "00001.tar"
    data = bytearray(path.read_bytes())
    data[0] ^= 1  # the header of the first image, which is a copy of one in the tar before
    path.write_bytes(data)
    rejects = read(settings(folder))[1]
    assert [(reject.key, reject.reason) for reject in rejects] == [
        ("a/00001.tar:0", "damaged_blocks"),
        ("000000003_0001", "missing_image"),
    ]


def test_an_image_that_is_not_read_is_missing_wherever_it_is_shown(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two documents that show the cat, neither has it; of the dog there is no file beside its record."""
    folder = in_tars(tmp_path)
    urls = list(STORED)
    of_dog = {name: data for name, data in downloaded({urls[2]: DOG}, first=9).items() if name.endswith("json")}
    write_tar(folder / "a" / "00000.tar", {**downloaded({urls[0]: CAT + bytes(5000)}), **of_dog})
    write_tar(folder / "a" / "00001.tar", downloaded({urls[1]: MAT}))
    monkeypatch.setattr(webdataset, "_MOST_IMAGE_BYTES", max(len(CAT), len(MAT)) + 4000)
    samples, rejects = read(settings(folder))
    assert [sample.image for sample in samples] == [MAT]
    assert [(reject.key, reject.reason) for reject in rejects] == [
        ("000000000_0001", "member_too_large"),
        ("000000001_0000", "member_too_large"),
        ("000000001_0001", "missing_image"),
        ("000000003_0001", "missing_image"),
    ]
    assert "no image among its members: json" in rejects[2].detail


def test_of_the_tars_on_a_disk_one_is_open(tmp_path: pathlib.Path) -> None:
    """In a store all stay so, and threads do not wait for one another."""
    source = settings(in_tars(tmp_path))
    (shard,) = list_shards(source)
    images = DownloadedImages(shard)
    assert images.takes_turns
    for sample in read(source)[0]:
        target = bytearray(sample.member_bytes)
        assert images.read_into(sample.member_offset, memoryview(target)) == len(target)
        assert target == sample.image
        assert [file.path for file in psutil.Process().open_files() if file.path.startswith(str(tmp_path))] == [
            str(shard.file(shard.files[1 + (sample.member_offset >> 40)]))
        ]
    images.close()
    in_store = dataclasses.replace(shard, path=StoragePath("bucket", "s3://bucket"))
    assert not DownloadedImages(in_store).takes_turns


def test_a_file_without_tars_is_refused(tmp_path: pathlib.Path) -> None:
    write_documents(tmp_path / "a.parquet")
    with pytest.raises(InputError, match=r"no tars in .*/a, .*document_images: column"):
        list_shards(settings(tmp_path))


def test_shards_hold_their_tars(tmp_path: pathlib.Path) -> None:
    (shard,) = list_shards(settings(in_tars(tmp_path)))
    assert (shard.name, shard.files) == ("a", ("a.parquet", "a/00000.tar", "a/00001.tar"))
    assert shard.size_bytes == sum(shard.file(name).size_bytes() for name in shard.files)
    assert most_samples([shard]) == {"web": None}


def test_a_tar_that_is_changed_is_another_version(tmp_path: pathlib.Path) -> None:
    source = settings(in_tars(tmp_path))
    (before,) = list_shards(source)
    assert list_shards(source) == [before]
    os.utime(tmp_path / "docs" / "a" / "00001.tar", ns=(5, 5))
    assert list_shards(source)[0].version != before.version


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"texts": None}, "0 columns texts"),
        ({"texts": ["a"]}, "column texts holds string; a list of texts is read"),
        ({"picture": pa.array([["a"]])}, "column picture holds list<.*string>; a list of binary or struct"),
        ({"images": pa.array([[b"a"]])}, "column images holds list<.*binary>; a list of URLs"),
    ],
)
def test_columns_of_another_kind_are_refused(tmp_path: pathlib.Path, columns: dict[str, Any], said: str) -> None:
    stored = {"picture": pa.array([[CAT]], pa.list_(pa.binary()))}
    path = write_documents(tmp_path / "a.parquet", [([None], ["u"])], **{**stored, **columns})
    source = settings(path, document_images="column", image_column="picture")
    with pytest.raises(InputError, match=said):
        check_inputs(list_shards(source), {"web": source})


def test_the_format_is_told_from_the_columns(tmp_path: pathlib.Path) -> None:
    told = detect_source(str(in_column(tmp_path / "a.parquet")))
    assert (told.format, told.document_images, told.image_column) == ("interleaved_parquet", "column", "picture")
    told = detect_source(str(write_documents(tmp_path / "b.parquet")))
    assert (told.format, told.document_images) == ("interleaved_parquet", "tars")


def test_a_picture_that_was_changed_is_noticed(tmp_path: pathlib.Path) -> None:
    source = settings(in_column(tmp_path / "a.parquet"), document_images="column", image_column="picture")
    shard: InputShard = list_shards(source)[0]
    with ImageReader(shard, source) as images:
        for offset in (0, 9 << 20, (1 << 20) + 7):
            with pytest.raises(InputError, match="the input was changed"):
                images.read(offset, 5)
