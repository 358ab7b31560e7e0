"""Damaged caption files: each listed image is a sample or a reject, or the file is named in an error."""

from __future__ import annotations

import csv
import io
import json
import pathlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.mutations import fuzzed, mutated, watched
from transforms.datasets import rejects_table
from transforms.errors import EvenweaveError
from transforms.reading.listing import list_shards
from transforms.reading.samples import RawSample, read_samples
from transforms.reading.settings import SourceSettings
from transforms.rejects import Reject

ROWS = [
    ("0.jpg", "a dog"),
    ("1.jpg", '一只狗, "很大"'),
    ("./2.jpg", "two\nlines"),
    ("gone.jpg", ""),
    ("3.jpg", "x" * 300),
]


def _table(delimiter: str) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter)
    writer.writerows([("file_name", "caption", "more"), *((*row, "1") for row in ROWS)])
    return text.getvalue().encode()


def _lines() -> bytes:
    return b"".join(json.dumps({"image": name, "text": text}).encode() + b"\n" for name, text in ROWS)


CASES = {"captions.csv": _table(","), "captions.tsv": _table("\t"), "captions.jsonl": _lines()}


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    folder = tmp_path_factory.mktemp("pictures")
    for number in range(4):
        (folder / f"{number}.jpg").write_bytes(b"\xff\xd8 picture")
    return folder


@fuzzed
@given(st.sampled_from(sorted(CASES)).flatmap(lambda name: st.tuples(st.just(name), mutated([CASES[name]]))))
def test_captions(pictures: pathlib.Path, case: tuple[str, bytes]) -> None:
    name, data = case
    (pictures / name).write_bytes(data)
    values = {"name": "test", "format": "folder", "path": str(pictures), "captions": name}
    with watched():
        try:
            source = SourceSettings.model_validate(values)
            shards = list_shards(source)
            items = [item for shard in shards for item in read_samples(shard, source)]
        except EvenweaveError:
            return
        finally:
            (pictures / name).unlink()
        rejects = [item for item in items if isinstance(item, Reject)]
        assert len(items) >= sum(len(shard.files) for shard in shards)  # rows of the caption file may be rejects too
        assert rejects_table("pictures", rejects).num_rows == len(rejects)
        for item in items:
            if isinstance(item, RawSample):
                assert item.caption
                f"{item.key}{item.caption}".encode()
