"""Three images in each format: the same ones, so that what is read of one format can be held against any other."""

from __future__ import annotations

import pathlib
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tests.transforms.reading.formats.documents import (
    downloaded,
    encoded,
    mint,
    picture,
    tiff,
    write_documents,
    write_tar,
)
from transforms.reading.settings import FormatName

IMAGES = [encoded(picture(seed), "PNG") for seed in range(3)]
CAPTIONS = ["a cat", "ein Hund", "一只鸟"]


def _webdataset(folder: pathlib.Path) -> dict[str, Any]:
    members = {}
    for number, (image, caption) in enumerate(zip(IMAGES, CAPTIONS, strict=True)):
        members |= {f"{number}.png": image, f"{number}.txt": caption.encode()}
    write_tar(folder / "a.tar", members)
    return {}


def _parquet(folder: pathlib.Path) -> dict[str, Any]:
    table = pa.table({"image": pa.array(IMAGES, pa.binary()), "caption": CAPTIONS})
    pq.write_table(table, folder / "a.parquet", row_group_size=2)
    return {}


def _folder(folder: pathlib.Path) -> dict[str, Any]:
    for number, (image, caption) in enumerate(zip(IMAGES, CAPTIONS, strict=True)):
        (folder / f"{number}.png").write_bytes(image)
        (folder / f"{number}.txt").write_text(caption)
    return {}


def _interleaved_parquet(folder: pathlib.Path) -> dict[str, Any]:
    urls = [f"https://e.example/{number}.jpg" for number in range(3)]
    rows = [([None, caption], [url, None]) for caption, url in zip(CAPTIONS, urls, strict=True)]
    write_documents(folder / "a.parquet", rows)
    write_tar(folder / "a" / "00000.tar", downloaded(dict(zip(urls, IMAGES, strict=True))))
    return {}


def _interleaved_webdataset(folder: pathlib.Path) -> dict[str, Any]:
    documents = [mint(str(row), [None, CAPTIONS[row]], ["page_0", None], tiff([picture(row)])) for row in range(3)]
    write_tar(folder / "a.tar", {name: data for document in documents for name, data in document.items()})
    return {}


#: Writes the images into an empty folder; returns the settings that a source of it needs.
EXAMPLES: dict[FormatName, Callable[[pathlib.Path], dict[str, Any]]] = {
    "interleaved_parquet": _interleaved_parquet,
    "interleaved_webdataset": _interleaved_webdataset,
    "webdataset": _webdataset,
    "parquet": _parquet,
    "folder": _folder,
}
