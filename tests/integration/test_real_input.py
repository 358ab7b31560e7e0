"""Real photographs and a real CC12M tar through the whole chain; skipped where they are not at hand."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Callable

import pytest
import webdataset

from tests.integration.conftest import MINI, evenweave

pytestmark = pytest.mark.slow

TINY: list[str] = []
#: What random weights find lies below the least similarity, so that no image has a concept to be balanced by.
ANY = ["encoder.model=ViT-S-32-alt", "encoder.pretrained=random", "balance.method=uniform"]
ANY = [argument for setting in ANY for argument in ("--set", setting)]


def samples(run: pathlib.Path) -> list[dict[str, bytes]]:
    return list(webdataset.WebDataset(sorted(map(str, (run / "shards").glob("*.tar"))), shardshuffle=False))


def test_photographs_come_out_as_they_went_in(real_data: Callable[[str], pathlib.Path], tmp_path: pathlib.Path) -> None:
    photos = real_data("photos")
    evenweave("build", MINI, "--input", photos, "--output", tmp_path / "run", "--size", 150)
    found = samples(tmp_path / "run")
    assert len(found) == 150
    for sample in found:
        original = photos / f"{json.loads(sample['json'])['key']}.JPEG"
        assert sample["jpg"] == original.read_bytes()


@pytest.mark.parametrize("encoder", [TINY, ANY], ids=["tiny", "random-vit"])
def test_cc12m(encoder: list[str], real_data: Callable[[str], pathlib.Path], tmp_path: pathlib.Path) -> None:
    if encoder is ANY:  # whose weights find nothing, whatever it is called, and are a real encoder's in size
        words = tmp_path / "words.yaml"
        words.write_text("language: en\nprompts: ['a photo of {}']\nconcepts: [a, b, c, d, e, f, g, h]\n")
        encoder = [*encoder, "--set", f"vocabulary.path={words}"]
    evenweave("build", MINI, "--input", real_data("cc12m"), "--output", tmp_path / "run", "--size", 10, *encoder)
    found = samples(tmp_path / "run")
    assert len(found) == 10
    for sample in found:
        record = json.loads(sample["json"])
        assert sample["txt"].decode() in record["captions"].values()
        assert len(record["concepts"]) == 8
    counts = json.loads((tmp_path / "run" / "run.json").read_text())["stages"]["annotate"]["counts"]
    assert counts == {"rows_in": 32, "rows_out": 32, "rejects": {}}
