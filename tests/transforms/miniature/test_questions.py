"""The questions of the tiny recipe: reproducible, readable as instruction records, with answers of equal chances."""

from __future__ import annotations

import collections
import io
import json
import pathlib

import pytest
from PIL import Image

from transforms.miniature.concepts import COLOURS, SHAPES
from transforms.miniature.questions import NAMEABLE, attribute_question, named_picture, write_questions
from transforms.packing.documents.records import read_records
from transforms.packing.inputs import list_inputs
from transforms.packing.sources import PackSource, VideoSampling
from transforms.rejects import Reject
from transforms.storage import StoragePath


def test_the_same_seed_writes_the_same_bytes(tmp_path: pathlib.Path) -> None:
    for name in ("one", "two"):
        write_questions(StoragePath.of(tmp_path / name), (attribute_question(1, index) for index in range(5)))
    files = [path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*") if path.is_file()]
    assert len(files) == 6
    assert all((tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes() for file in files)
    assert attribute_question(1, 0)[0] != attribute_question(2, 0)[0]


def test_the_pack_job_reads_them(tmp_path: pathlib.Path) -> None:
    write_questions(StoragePath.of(tmp_path), (attribute_question(1, index) for index in range(3)))
    source = PackSource(name="answers", format="conversations", path=str(tmp_path / "records.jsonl"))
    (part,) = list_inputs(source, 1 << 20)
    found = list(read_records(part, source, VideoSampling()))
    assert len(found) == 3 and not any(isinstance(one, Reject) for one in found)


def test_answers_are_true_and_evenly_spread() -> None:
    counts: collections.Counter[str] = collections.Counter()
    for index in range(60):
        jpeg, question, answer = attribute_question(7, index)
        assert Image.open(io.BytesIO(jpeg)).size == (112, 112)
        assert answer in (COLOURS if "colour" in question else SHAPES)
        counts[answer] += 1
    assert len(counts) > 12 and max(counts.values()) < 12, json.dumps(counts)


@pytest.mark.slow
def test_every_nameable_concept_can_be_drawn_alone() -> None:
    for index, concept in enumerate(NAMEABLE):
        jpeg, name = named_picture(3, index, concept)
        assert name == concept.name
        assert Image.open(io.BytesIO(jpeg)).size == (112, 112)


@pytest.mark.slow
def test_pictures_are_named_as_unevenly_as_corpora_show_things() -> None:
    counts = collections.Counter(named_picture(3, index)[1] for index in range(600))
    common, rare = NAMEABLE[: len(NAMEABLE) // 3], NAMEABLE[-len(NAMEABLE) // 3 :]
    assert sum(counts[concept.name] for concept in common) > 4 * sum(counts[concept.name] for concept in rare)
