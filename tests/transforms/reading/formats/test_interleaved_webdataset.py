"""Tars of documents with a TIFF each: each picture a sample and a file of its own, found again byte for byte."""

from __future__ import annotations

import io
import json
import pathlib
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.transforms.reading.formats.documents import mint, picture, tiff, write_tar
from tests.transforms.reading.formats.test_interleaved_parquet import read
from transforms.errors import InputError
from transforms.images.decode import DecodedImage, DecodeSettings, decode
from transforms.reading.detect import detect_source
from transforms.reading.listing import list_shards
from transforms.reading.random_access import ImageReader
from transforms.reading.settings import SourceSettings

PAGES = [picture(seed, (40 + seed, 30)) for seed in range(3)]
TEXTS: list[str | None] = ["An introduction.", None, "Figure 1: noise.\n\nAs seen there.", None, None]
IMAGES: list[str | None] = [None, "page_0_image_8", None, "page_1_image_9", "page_1_image_10"]


def source(path: pathlib.Path, **values: Any) -> SourceSettings:
    given = {"name": "pdf", "format": "interleaved_webdataset", "path": str(path), "caption": "optional", **values}
    return SourceSettings.model_validate(given)


def written(folder: pathlib.Path, *documents: dict[str, bytes]) -> pathlib.Path:
    return write_tar(folder / "a.tar", {name: data for one in documents for name, data in one.items()})


@pytest.mark.parametrize("compression", [None, "tiff_lzw", "tiff_adobe_deflate", "jpeg"])
def test_each_picture_is_a_sample(tmp_path: pathlib.Path, compression: str | None) -> None:
    pages = tiff(PAGES, compression=compression)
    path = written(tmp_path, mint("ab12", TEXTS, IMAGES, pages), mint("cd34", [None], ["page_0"], tiff(PAGES[:1])))
    samples, rejects = read(source(path))
    assert rejects == []
    assert [(sample.key, sample.caption) for sample in samples] == [
        ("ab12_0001", "Figure 1: noise."),
        ("ab12_0003", "As seen there."),
        ("ab12_0004", "As seen there."),
        ("cd34_0000", None),
    ]
    whole = Image.open(io.BytesIO(pages))
    for number, sample in enumerate(samples[:3]):
        whole.seek(number)
        found = decode(sample.image, DecodeSettings())
        assert isinstance(found, DecodedImage)
        assert (found.format, found.width, found.height) == ("tiff", 40 + number, 30)
        assert np.array_equal(found.rgb, np.asarray(whole.convert("RGB")))
    assert json.loads(samples[1].source_record or "") == {
        "document": "ab12",
        "position": 3,
        "image": "page_1_image_9",
        "metadata": {"height": 30, "width": 40, "page": 1, "xref": 7, "sha256": "0" * 64},
        "document_metadata": {"url": "https://pdf/ab12"},
    }


def test_a_tiff_may_stand_first_in_the_tar(tmp_path: pathlib.Path) -> None:
    document = mint("ab12", TEXTS, IMAGES, tiff(PAGES))
    samples, rejects = read(source(written(tmp_path, dict(reversed(document.items())))))
    assert rejects == []
    assert [sample.member_offset for sample in samples] == [(1 << 20) + number for number in range(3)]  # as at rest


def test_a_place_where_no_tiff_begins_is_no_image(tmp_path: pathlib.Path) -> None:
    where = source(written(tmp_path, mint("ab12", TEXTS, IMAGES, tiff(PAGES))))
    (shard,) = list_shards(where)
    with ImageReader(shard, where) as images:
        for offset in (0, 1 << 20, 2 << 20, 1 << 40, read(where)[0][0].member_offset + 3):
            with pytest.raises(InputError, match="the input was changed"):
                images.read(offset, 1)


def test_without_a_rule_there_is_no_caption(tmp_path: pathlib.Path) -> None:
    path = written(tmp_path, mint("a", TEXTS, IMAGES, tiff(PAGES)))
    for rule in ("none", "alt"):  # nothing says an alt text here
        samples, _ = read(source(path, document_text=rule))
        assert [sample.caption for sample in samples] == [None] * 3
    samples, rejects = read(source(path, document_text="none", caption="required"))
    assert samples == [] and [reject.reason for reject in rejects] == ["missing_caption"] * 3


def test_what_does_not_fit_together_is_a_reject(tmp_path: pathlib.Path) -> None:
    pages = tiff(PAGES)
    path = written(
        tmp_path,
        mint("fewer", TEXTS, IMAGES, tiff(PAGES[:2])),
        mint("none", TEXTS, IMAGES, None),
        mint("cut", TEXTS, IMAGES, pages[:-40]),
        mint("no-tiff", TEXTS, IMAGES, b"not a TIFF"),
        mint("lengths", TEXTS[:-1], IMAGES, pages),
        mint("numbers", [1] * 5, IMAGES, pages),
        {"no-json.tiff": pages},
        {"list.json": b"[]", "list.tiff": pages},
        mint("text", ["only"], [None], None),
    )
    samples, rejects = read(source(path))
    assert [sample.key for sample in samples] == ["cut_0001", "cut_0003"]
    assert [(reject.key, reject.reason) for reject in rejects] == [
        ("fewer", "frame_mismatch"),
        ("none", "missing_image"),
        ("cut_0004", "undecodable_image"),
        ("no-tiff", "undecodable_image"),
        ("lengths", "malformed_record"),
        ("numbers", "malformed_record"),
        ("no-json", "malformed_record"),
        ("list", "malformed_record"),
    ]


def test_a_document_comes_once(tmp_path: pathlib.Path) -> None:
    again = {"a/../a.json": b""}
    path = written(tmp_path, mint("b", [None], ["i"], tiff(PAGES[:1])), {"c.txt": b""}, {"./b.json": b"{}"}, again)
    samples, rejects = read(source(path))
    assert [sample.key for sample in samples] == ["b_0000"]
    assert [(reject.key, reject.reason) for reject in rejects] == [
        ("c", "malformed_record"),
        ("b", "duplicate_key"),
        ("a/../a", "unsafe_member_name"),
    ]


def test_metadata_of_another_length_is_left_out(tmp_path: pathlib.Path) -> None:
    path = written(tmp_path, mint("a", TEXTS, IMAGES, tiff(PAGES), image_metadata=[{"page": 0}]))
    samples, _ = read(source(path))
    assert [json.loads(sample.source_record or "")["metadata"] for sample in samples] == [None] * 3


def test_the_format_is_told_from_the_first_sample(tmp_path: pathlib.Path) -> None:
    assert (
        detect_source(str(written(tmp_path, mint("a", TEXTS, IMAGES, tiff(PAGES))))).format == "interleaved_webdataset"
    )
    pairs = {"1.tiff": tiff(PAGES[:1]), "1.json": b"{}"}
    assert detect_source(str(write_tar(tmp_path / "b.tar", pairs))).format == "webdataset"
    (tmp_path / "c.tar").write_bytes(b"x")
    assert detect_source(str(tmp_path / "c.tar")).format == "webdataset"
