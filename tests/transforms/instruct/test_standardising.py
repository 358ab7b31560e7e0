"""Records of every shape and format become rows: media measured, boxes upright, answers parsed, nothing lost."""

from __future__ import annotations

import json
import pathlib
from collections import Counter
from typing import Any

import pytest
import xxhash

from tests.transforms.instruct.small_sets import (
    SIZE,
    asked,
    picture,
    read_all,
    source,
    write_lines,
    write_parquet,
    write_tar,
)
from tests.transforms.packing.small_documents import instruction_set, needs_instruction_sets, turn
from transforms.configuration import validate
from transforms.conversations.document import Image
from transforms.errors import ConfigError, InputError
from transforms.instruct.rows import Answer, Row, from_table, to_table
from transforms.instruct.settings import InstructSource
from transforms.rejects import Reason

UPRIGHT = {"unit": "pixels", "order": "xyxy", "frame": "upright"}


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> pathlib.Path:
    for name, data in (("cat.jpg", picture()), ("turned.jpg", picture(orientation=6)), ("broken.jpg", b"\xff\xd8\xff")):
        (tmp_path / name).write_bytes(data)
    return tmp_path


@pytest.mark.parametrize(
    ("said", "stated", "language"),
    [
        (("What is it?", "A cat."), {}, "en"),
        (("这是什么？", "一只猫。"), {}, "zh"),
        (("这是什么？", "一只猫。"), {"lang": "de"}, "de"),
        (("What is 猫 in English?", "A cat."), {}, "en"),
        (("1 + 1 = ?", "2"), {}, None),
        (("OK?", "一只黑色的猫。"), {}, "zh"),
        (("Describe it.", "一只黑色的猫坐在红色的垫子上。"), {}, "en"),  # the answer may be in the wrong one
        (("Qu'est-ce que c'est ?", "Un chat."), {"lang": ""}, "en"),  # French is no candidate, and of the same script
    ],
)
def test_the_language_is_told_where_nobody_says_it(
    tmp_path: pathlib.Path, said: tuple[str, str], stated: dict[str, str], language: str | None
) -> None:
    path = write_lines(tmp_path / "a.jsonl", [{"conversations": asked(*said), **stated}])
    ((row,), _) = read_all(source(path))
    assert row.language == language
    ((row,), _) = read_all(source(path, language="fr"))
    assert row.language == (stated.get("lang") or "fr")


def test_a_language_that_nobody_can_tell_is_an_error() -> None:
    with pytest.raises(ConfigError, match="'xx' cannot be told from others"):
        validate({"name": "a", "path": "/a", "languages": ["en", "xx"]}, InstructSource, "it")


def test_one_row_whatever_the_format(folder: pathlib.Path) -> None:
    data = picture()
    turns = asked("<image>Which?\nA. cat\nB. dog", "B")
    record = {"id": "7", "conversations": turns}
    lines = write_lines(folder / "lines.jsonl", [{**record, "image": "cat.jpg"}])
    table = write_parquet(folder / "table.parquet", [{**record, "images": [{"bytes": data, "path": "cat.jpg"}]}])
    tar = write_tar(folder / "shard.tar", {"a.json": json.dumps(record).encode(), "a.jpg": data})
    found = {}
    for path in (lines, table, tar):
        (row,), rejects = read_all(source(path, license="CC0", language="en"))
        assert not rejects
        assert row.messages == (turn("user", Image(0), "Which?\nA. cat\nB. dog"), turn("assistant", "B"))
        assert row.answers == (Answer(1, "letter", "B", ("cat", "dog"), (1,)),)
        assert (row.source_key, row.licence_data, row.language) == ("7", "CC0", "en")
        (medium,) = row.media
        assert (medium.width, medium.height, medium.format, medium.size_bytes) == (*SIZE, "jpg", len(data))
        assert medium.content_hash == xxhash.xxh3_128_digest(data)
        assert len(medium.perceptual_hash or b"") == 8
        assert from_table(to_table([row])) == [row]
        found[path.name] = row
    assert found["lines.jsonl"].media[0].uri == str(folder / "cat.jpg") and found["lines.jsonl"].media[0].data is None
    assert found["table.parquet"].media[0].data == data
    in_tar = found["shard.tar"].media[0]
    assert in_tar.data is None and tar.read_bytes()[in_tar.offset :].startswith(data)
    assert len({row.key for row in found.values()}) == 3


def test_unexpected_keys_are_kept_and_break_nothing(folder: pathlib.Path) -> None:
    records = [{"instruction": "a", "output": "b", **more} for more in ({"score": 5}, {"score": "five"}, {"x": [{}]})]
    rows, rejects = read_all(source(write_lines(folder / "a.jsonl", records)))
    assert not rejects
    assert [json.loads(row.source_record or "") for row in rows] == records


@pytest.mark.parametrize("value", [float("nan"), "\ud800"])
def test_what_json_cannot_hold_is_kept_as_text(folder: pathlib.Path, value: Any) -> None:
    record = {"instruction": "a", "output": "b", "more": value}
    (folder / "a.jsonl").write_text(json.dumps(record))
    (row,), _ = read_all(source(folder / "a.jsonl"))
    kept = json.loads(row.source_record or "")
    assert "more" in kept and to_table([row]).num_rows == 1


def grounding(name: str, text: str) -> dict[str, Any]:
    return {"conversations": asked("<image>Where?", text), "image": name}


def test_boxes_become_regions_of_the_picture_as_seen(folder: pathlib.Path) -> None:
    record = grounding("turned.jpg", "<ref>cat</ref><box>(10,20),(30,25)</box>")
    path = write_lines(folder / "a.jsonl", [{**record, "instances": [{"category": "dog", "bbox": [0, 0, 64, 40]}]}])
    (row,), _ = read_all(source(path, coordinates={**UPRIGHT, "frame": "stored"}))
    beside, within = row.regions
    assert (row.media[0].width, row.media[0].height) == (40, 64)
    # turned clockwise: what was 20 to 25 from the top of 40 rows is 15 to 20 from the left
    assert within.xy == (15, 10, 20, 30) and within.label == "cat"
    text = row.messages[within.message].content[within.part].text
    assert text[within.start : within.end] == "(10,20),(30,25)"
    assert (beside.xy, beside.label, beside.message) == ((0, 0, 40, 64), "dog", -1)


SCENE = (20, 10, 52, 30)  # in a picture of 64 by 40
#: The same place in seven sources: unit, order and frame as they are declared, and what stands in the record.
WRITTEN = [
    ("pixels", "xyxy", "upright", "[20, 10, 52, 30]"),
    ("pixels", "xywh", "upright", '{"bbox_2d": [20, 10, 32, 20], "label": "cat"}'),
    ("0-1", "cxcywh", "upright", "[0.562, 0.5, 0.5, 0.5]"),
    ("0-1000", "yxyx", "upright", "<box>[[250, 312, 750, 812]]</box>"),
    ("0-1", "xyxy", "padded_square", "[0.31, 0.34, 0.81, 0.66]"),
    ("pixels", "xyxy", "smart_resized", "<|box_start|>(26,14),(68,42)<|box_end|>"),  # 84 by 56
    ("pixels", "xyxy", "stored", "[10, 12, 30, 44]"),  # 40 by 64, turned clockwise
]


@pytest.mark.parametrize(("unit", "order", "frame", "text"), WRITTEN)
def test_one_scene_in_many_conventions_is_one_region(
    tmp_path: pathlib.Path, unit: str, order: str, frame: str, text: str
) -> None:
    (tmp_path / "a.jpg").write_bytes(picture((40, 64), orientation=6) if frame == "stored" else picture())
    path = write_lines(tmp_path / "a.jsonl", [grounding("a.jpg", text)])
    (row,), _ = read_all(source(path, coordinates={"unit": unit, "order": order, "frame": frame}))
    assert row.regions[0].xy == pytest.approx(SCENE, abs=1)
    assert (row.media[0].width, row.media[0].height) == SIZE


def test_a_box_is_of_the_image_that_was_shown_last(folder: pathlib.Path) -> None:
    turns = asked("<image><image>Where?", "[1, 2, 3, 4]") + asked("And <image> here?", "[1, 2, 3, 4]")
    path = write_lines(folder / "a.jsonl", [{"conversations": turns, "images": ["cat.jpg", "cat.jpg", "turned.jpg"]}])
    (row,), _ = read_all(source(path, coordinates=UPRIGHT))
    assert [(region.media, region.message) for region in row.regions] == [(1, 1), (2, 3)]


def test_undeclared_boxes_stop_the_set_and_texts_alone_hold_none(folder: pathlib.Path) -> None:
    lists = {"conversations": asked("Sort [4, 3, 2, 1].", "[1, 2, 3, 4]")}
    (row,), _ = read_all(source(write_lines(folder / "text.jsonl", [lists])))
    assert row.regions == ()
    for name in ("cat.jpg", "missing.jpg"):
        path = write_lines(folder / "a.jsonl", [grounding(name, "[1, 2, 3, 4]")])
        with pytest.raises(InputError, match=r"s/a/0+ holds boxes, such as \[1\.0, 2\.0, 3\.0, 4\.0\] \(list\)"):
            read_all(source(path))


def test_media_that_are_not_to_be_had_are_rejects_by_name(folder: pathlib.Path) -> None:
    names = ("missing.jpg", "broken.jpg", "../cat.jpg", "http://a/b.jpg", "data:image/jpeg;base64,x", None)
    records = [{"question": "What?", "answer": "x", "images": [name]} for name in names]
    rows, rejects = read_all(source(write_lines(folder / "a.jsonl", records), place_media="before_first_question"))
    assert rows == []
    assert [reject.reason for reject in rejects] == [
        Reason.MISSING_IMAGE, Reason.TRUNCATED_IMAGE, Reason.UNSAFE_MEMBER_NAME, Reason.MISSING_IMAGE,
        Reason.MISSING_IMAGE, Reason.MISSING_IMAGE,
    ]  # fmt: skip
    assert "missing.jpg" in rejects[0].detail and rejects[0].key == "s/a/000000000000"


def test_a_named_adapter_rejects_what_it_does_not_recognise(folder: pathlib.Path) -> None:
    records = [{"instruction": "a", "output": "b"}, {"question": "a", "answer": "b"}]
    path = write_lines(folder / "a.jsonl", records)
    assert len(read_all(source(path))[0]) == 2
    rows, (reject,) = read_all(source(path, adapter="alpaca"))
    assert len(rows) == 1 and "not of the shape alpaca; its fields: answer, question" in reject.detail


@pytest.mark.parametrize(
    ("more", "fault"),
    [
        ({"adapter": "alpca"}, "adapter: no adapter 'alpca'; there are messages"),
        ({"coordinates": {"unit": "pixels"}}, "coordinates.order"),
        ({"coordinates": {**UPRIGHT, "frame": "resized"}}, "a size belongs to the frame resized"),
        ({"coordinates": {**UPRIGHT, "frame": "resized", "size": [0, 5]}}, "size must be"),
        ({"colour": "red"}, "colour: unknown key"),
    ],
)
def test_settings_that_cannot_be(more: dict[str, Any], fault: str) -> None:
    with pytest.raises(ConfigError, match=fault):
        validate({"name": "s", "path": "x", **more}, InstructSource, "test")


PLACED = {"place_media": "before_first_question"}


@needs_instruction_sets
@pytest.mark.parametrize(
    ("name", "more", "rows", "rejects", "forms"),
    [
        ("alpaca_en_demo.json", {}, 999, {}, {"free": 817, "list": 153, "code": 26, "number": 3}),
        ("alpaca_zh_demo.json", {}, 1000, {}, {"free": 822, "list": 145, "code": 33}),
        ("glaive_toolcall_en_demo.json", {}, 300, {}, {"free": 695, "code": 243, "list": 19}),
        ("mllm_demo.json", {}, 6, {}, {"free": 12}),
        ("mllm_video_demo.json", {}, 3, {}, {"free": 3}),
        ("v1_multimodal_demo.jsonl", {"media_prefix": "data/"}, 24, {}, {"free": 48}),
        ("qwen_demo/single_images.json", {"media_prefix": "demo/"}, 3, {}, {"yes_no": 1, "number": 2}),
        ("qwen_demo/video.json", {"media": "qwen_demo/videos"}, 1, {"missing_video": 2}, {"free": 1}),
        ("llava_coco/gpt4_qa_30x3.jsonl", {}, 0, {"unplaced_media": 90}, {}),
        ("llava_coco/gpt4_qa_30x3.jsonl", PLACED, 0, {"missing_image": 90}, {}),
        (
            "llava_coco/captions_boxes_80.jsonl",
            {"coordinates": {**UPRIGHT, "unit": "0-1"}},
            0,
            {"missing_image": 80},
            {},
        ),
    ],
)
def test_real_sets(name: str, more: dict[str, Any], rows: int, rejects: dict[str, int], forms: dict[str, int]) -> None:
    more = {**more, "media": str(instruction_set(more["media"]))} if "media" in more else more
    found, refused = read_all(source(instruction_set(name), **more))
    assert len(found) == rows == len({row.key for row in found})
    assert Counter(str(one.reason) for one in refused) == rejects
    assert Counter(answer.form for row in found for answer in row.answers) == forms
    assert all(isinstance(row, Row) and medium.width for row in found for medium in row.media)
    assert from_table(to_table(found)) == found


@needs_instruction_sets
def test_real_boxes_are_stopped_until_they_are_declared() -> None:
    with pytest.raises(InputError, match="holds boxes"):
        read_all(source(instruction_set("llava_coco/captions_boxes_80.jsonl")))
