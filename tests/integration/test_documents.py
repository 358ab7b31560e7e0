"""Images out of documents go the whole way: annotated, selected, and exported byte for byte, with their place kept."""

from __future__ import annotations

import io
import json
import pathlib

import numpy as np
import pytest
import webdataset
import yaml
from PIL import Image

from tests.integration.conftest import ROOT, digests, evenweave, read_all
from tests.transforms.reading.formats.documents import downloaded, encoded, mint, tiff, write_documents, write_tar
from transforms.images.tiff_frames import frame, frame_places

pytestmark = pytest.mark.slow


def blots(seed: int) -> Image.Image:
    """A picture that looks like no other."""
    pixels = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return Image.fromarray(pixels).resize((100 + seed, 80), Image.Resampling.BICUBIC)


ON_PAGES, IN_PDFS = [blots(seed) for seed in range(12)], [blots(seed) for seed in range(12, 24)]


def write_sources(folder: pathlib.Path) -> list[dict[str, str]]:
    """Four documents of each kind, three images in each: web pages and PDFs."""
    urls = [f"https://e.example/{number}.jpg" for number in range(12)]
    documents = [
        ([None, f"Text {row}.", None, None], [*urls[row : row + 1], None, *urls[row + 4 : row + 9 : 4]])
        for row in range(4)
    ]
    write_documents(folder / "pages" / "a.parquet", documents)
    stored = dict(zip(urls, map(encoded, ON_PAGES), strict=True))
    write_tar(folder / "pages" / "a" / "00000.tar", downloaded(stored))
    pdfs: dict[str, bytes] = {}
    for row in range(4):
        images = [None, "page_0", "page_1", "page_2"]
        pages = tiff(IN_PDFS[row::4])
        pdfs |= mint(f"{row:032x}", [f"About {row}.", None, None, None], list(images), pages)
    write_tar(folder / "pdfs" / "a.tar", pdfs)
    return [
        {"name": "pages", "format": "interleaved_parquet", "path": str(folder / "pages")},
        {"name": "pdfs", "format": "interleaved_webdataset", "path": str(folder / "pdfs" / "{a..a}.tar")},
    ]


def build(folder: pathlib.Path, sources: list[dict[str, str]], workers: int) -> pathlib.Path:
    settings = yaml.safe_load((ROOT / "configs/build/mini.yaml").read_text())
    del settings["miniature"]
    settings |= {"sources": sources, "output": str(folder)}
    settings["encoder"]["model"] = str(ROOT / "configs/encoder/tiny")
    settings["vocabulary"]["path"] = str(ROOT / "configs/vocabulary/mini.yaml")
    settings["balance"] = {"method": "uniform", "size": 20}
    settings["deduplicate"] = {"max_hamming_distance": 0}
    folder.with_suffix(".yaml").write_text(yaml.safe_dump(settings))
    evenweave("build", folder.with_suffix(".yaml"), "--set", f"runner.workers={workers}")
    return folder


def test_images_of_documents_are_exported_as_they_are_stored(tmp_path: pathlib.Path) -> None:
    sources = write_sources(tmp_path / "raw")
    run = build(tmp_path / "one", sources, 1)
    annotations = read_all(run / "annotations").to_pylist()
    assert {row["source"]: row["format"] for row in annotations} == {"pages": "jpg", "pdfs": "tiff"}
    assert len(annotations) == 24 and {row["caption"] for row in annotations} >= {"Text 0.", "About 3."}
    wanted = {encoded(picture) for picture in ON_PAGES}
    for row in range(4):
        pages = tiff(IN_PDFS[row::4])
        wanted |= {frame(pages, place) for place in frame_places(pages)}
    samples = list(webdataset.WebDataset(sorted(map(str, (run / "shards").glob("*.tar"))), shardshuffle=False))
    assert len(samples) == 20
    for sample in samples:
        image = sample.get("tiff") or sample["jpg"]
        assert image in wanted
        about = json.loads(sample["json"])
        with Image.open(io.BytesIO(image)) as picture:
            assert picture.size == (about["width"], about["height"])
        assert {"document", "position", "image"} <= about["source_record"].keys()
    assert "jpg,png,webp,tiff" in (run / "shards" / ".nv-meta" / "dataset.yaml").read_text()
    two = build(tmp_path / "two", sources, 2)
    for part in ("annotations", "selection", "shards"):
        assert digests(run / part) == digests(two / part)
