"""The questions of the tiny recipe: reproducible, readable as instruction records, with answers of equal chances."""

from __future__ import annotations

import collections
import io
import json
import pathlib

from PIL import Image

from transforms.miniature.concepts import COLOURS, SHAPES
from transforms.miniature.questions import question_of, write_questions
from transforms.packed_shards.inputs import list_inputs
from transforms.packed_shards.records import read_records
from transforms.packed_shards.settings import PackSource, VideoSampling
from transforms.rejects import Reject
from transforms.storage import StoragePath


def test_the_same_seed_writes_the_same_bytes(tmp_path: pathlib.Path) -> None:
    for name in ("one", "two"):
        write_questions(StoragePath.of(tmp_path / name), 5, seed=1)
    files = [path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*") if path.is_file()]
    assert len(files) == 6
    assert all((tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes() for file in files)
    assert question_of(1, 0)[0] != question_of(2, 0)[0]


def test_the_pack_job_reads_them(tmp_path: pathlib.Path) -> None:
    write_questions(StoragePath.of(tmp_path), 3, seed=1)
    source = PackSource(name="answers", format="conversations", path=str(tmp_path / "records.jsonl"))
    (part,) = list_inputs(source, 1 << 20)
    found = list(read_records(part, source, VideoSampling()))
    assert len(found) == 3 and not any(isinstance(one, Reject) for one in found)


def test_answers_are_true_and_evenly_spread() -> None:
    counts: collections.Counter[str] = collections.Counter()
    for index in range(60):
        jpeg, question, answer = question_of(7, index)
        assert Image.open(io.BytesIO(jpeg)).size == (112, 112)
        assert answer in (COLOURS if "colour" in question else SHAPES)
        counts[answer] += 1
    assert len(counts) > 12 and max(counts.values()) < 12, json.dumps(counts)
