"""A look tells what a set holds, finds its media nearby, and proposes a source that reads it."""

from __future__ import annotations

import pathlib
from typing import Any

import numpy as np
import pytest
import yaml

from tests.transforms.instruct.small_sets import asked, picture, read_all, source, write_lines
from tests.transforms.packing.small_documents import instruction_set, needs_instruction_sets
from transforms.configuration import validate
from transforms.errors import InputError
from transforms.instruct.inspection import Inspection, check_coordinates, inspect
from transforms.instruct.media_search import find_media
from transforms.instruct.proposal import proposal
from transforms.instruct.settings import InstructSource
from transforms.storage import StoragePath


def proposed(found: Inspection) -> InstructSource:
    (values,) = yaml.safe_load(proposal(found))["sources"]
    return validate(values, InstructSource, "the proposal")


def boxed_set(folder: pathlib.Path) -> pathlib.Path:
    """120 records with one box each in pixels, xywh, over pictures that lie in a folder of another name.

    Their size is one that no processor changes, so that resized pixels are the same ones.
    """
    (folder / "pictures").mkdir(parents=True)
    (folder / "pictures" / "a.jpg").write_bytes(picture((644, 420)))
    random = np.random.default_rng(0)
    records = []
    for number in range(120):
        x, y = random.integers(0, 500, 1)[0], random.integers(0, 300, 1)[0]
        width, height = random.integers(20, 644 - x), random.integers(20, 420 - y)
        text = f"It is at [{x}, {y}, {width}, {height}]."
        records.append({"id": number, "image": "train/a.jpg", "conversations": asked("Where?", text), "score": 1})
    return write_lines(folder / "set.jsonl", records)


def test_the_proposal_reads_the_set(tmp_path: pathlib.Path) -> None:
    path = boxed_set(tmp_path)
    with pytest.raises(InputError, match="holds boxes"):
        read_all(source(path, place_media="before_first_question"))
    found = inspect(source(path), 1000)
    described = proposed(found)
    assert described.media == str(tmp_path / "pictures") and described.media_prefix == "train/"
    assert (described.adapter, described.place_media) == ("conversations", "before_first_question")
    coordinates = described.coordinates
    assert coordinates is not None
    assert (coordinates.unit, coordinates.order, coordinates.frame) == ("pixels", "xywh", "upright")
    rows, rejects = read_all(described)
    assert (len(rows), rejects) == (120, [])
    assert all(0 <= x1 < x2 <= 644 and 0 <= y1 < y2 <= 420 for row in rows for x1, y1, x2, y2 in [row.regions[0].xy])


def test_what_is_counted(tmp_path: pathlib.Path) -> None:
    found = inspect(source(boxed_set(tmp_path)), 100)
    assert (found.records, found.unplaced, found.measured, found.missing) == (100, 100, 100, [])
    assert found.adapters == {"conversations": 100} and found.unexpected == {"score": 100}
    assert found.notations == {"list": 100} and found.forms == {"free": 100} and found.licences == {"unknown": 100}
    assert len(found.rows) == len({row.key for row in found.rows}) == 20
    assert found.rows == inspect(source(boxed_set(tmp_path / "again")), 100).rows


def test_every_file_is_looked_at_and_rejects_are_told(tmp_path: pathlib.Path) -> None:
    for name in ("a", "b"):
        write_lines(tmp_path / f"{name}.jsonl", [{"instruction": name, "output": "x", "license": "CC0"}] * 9 + [[]])
    found = inspect(source(tmp_path), 18)
    assert found.records == 18 and {row.key.split("/")[1] for row in found.rows} == {"a", "b"}
    found = inspect(source(tmp_path), 100)
    assert found.rejects == {"malformed_record": 2} and "not a JSON object" in found.details["malformed_record"]
    assert found.licences == {"CC0": 18}
    described = proposed(found)
    assert described.adapter == "alpaca" and "every record states its own; stated: CC0 18" in proposal(found)


def test_undeclared_coordinates_are_an_error_with_the_evidence(tmp_path: pathlib.Path) -> None:
    path = boxed_set(tmp_path)
    with pytest.raises(InputError, match=r"holds boxes \(list\)(.|\n)*pixels xywh upright: 100\.0% of 120 boxes"):
        check_coordinates(inspect(source(path), 1000))
    declared: dict[str, Any] = {"unit": "pixels", "order": "xywh", "frame": "upright"}
    check_coordinates(inspect(source(path, coordinates=declared), 1000))
    check_coordinates(inspect(source(write_lines(tmp_path / "text.jsonl", [{"instruction": "a", "output": "b"}])), 9))


def test_media_are_found_nearby(tmp_path: pathlib.Path) -> None:
    records = StoragePath.of(tmp_path / "records" / "a.json")
    for name in ("records/x/1.jpg", "records/2.jpg", "y/3.jpg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    home = tmp_path / "records"
    cases = {
        "2.jpg": (home, ""),
        "data/x/1.jpg": (home, "data/"),
        "1.jpg": (home / "x", ""),
        "a/b/1.jpg": (home / "x", "a/b/"),
        "y/3.jpg": (tmp_path, ""),
    }
    for name, (folder, prefix) in cases.items():
        assert find_media([name], records) == (StoragePath.of(folder), prefix, 1, 1)
    assert find_media(["none.jpg", "../2.jpg", "http://a/2.jpg"], records).found == 0


@needs_instruction_sets
@pytest.mark.parametrize(
    ("name", "adapter", "place_media", "prefix", "language"),
    [
        ("llava_coco/gpt4_qa_30x3.jsonl", "alpaca", "before_first_question", "", "en"),
        ("qwen_demo/single_images.json", "conversations", "reject", "demo/", "en"),
        ("v1_multimodal_demo.jsonl", "messages", "reject", "data/", "auto"),
    ],
)
def test_real_sets(name: str, adapter: str, place_media: str, prefix: str, language: str) -> None:
    described = proposed(inspect(source(instruction_set(name)), 1000))
    assert (described.adapter, described.place_media, described.media_prefix, described.language) == (
        adapter, place_media, prefix, language,
    )  # fmt: skip


@needs_instruction_sets
def test_real_boxes_without_pictures_leave_the_order_open() -> None:
    found = inspect(source(instruction_set("llava_coco/captions_boxes_80.jsonl")), 1000)
    assert sum(found.notations.values()) == 476
    likely = [(one.convention.unit, one.convention.order) for one in found.candidates if one.is_likely]
    assert likely == [("0-1", "xyxy"), ("0-1", "yxyx")]
    assert proposed(found).coordinates is None and "no picture was found" in proposal(found)
