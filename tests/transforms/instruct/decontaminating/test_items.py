"""Questions and images out of the files of benchmarks, whatever they call them."""

from __future__ import annotations

import base64
import json
import pathlib
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.transforms.instruct.decontaminating.small_benchmark import chart, encoded
from transforms.errors import InputError
from transforms.instruct.decontaminating.items import Item, bytes_of, name_key, read_items
from transforms.instruct.decontaminating.settings import Benchmark
from transforms.instruct.reading.inputs import list_parts
from transforms.instruct.rows import Medium

PICTURE = encoded(chart(0))


def read(path: pathlib.Path, **fields: Any) -> list[Item]:
    benchmark = Benchmark(name="b", path=str(path), **fields)
    return [item for part in list_parts(benchmark.source) for item in read_items(benchmark, part)]  # type: ignore[misc]


def lines(tmp_path: pathlib.Path, *records: dict[str, Any]) -> pathlib.Path:
    path = tmp_path / "b.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def test_fields_that_are_named(tmp_path: pathlib.Path) -> None:
    (tmp_path / "a.jpg").write_bytes(PICTURE)
    path = lines(tmp_path, {"pid": 7, "text": "What?", "first": "a.jpg", "second": None, "third": "gone.jpg"})
    (item,) = read(path, id="pid", question="text", image=["first", "second", "third"])
    assert item == Item("7", "What?", (("a.jpg", PICTURE), ("gone.jpg", None)))  # type: ignore[arg-type]


def test_bytes_as_hubs_have_them(tmp_path: pathlib.Path) -> None:
    images = [{"bytes": PICTURE, "path": "x.jpg"}, {"bytes": None, "path": None}]
    pq.write_table(pa.table({"question": ["One?", "Two?"], "image": images}), tmp_path / "b.parquet")
    shown, bare = read(tmp_path / "b.parquet")
    assert shown.images[0].data == PICTURE and (shown.id, bare.id) == ("000000000", "000000001")
    assert [one.data for one in bare.images] == [None]


def test_base64(tmp_path: pathlib.Path) -> None:
    path = lines(tmp_path, {"question": "What?", "bytes": base64.b64encode(PICTURE).decode()})
    assert read(path, image="bytes")[0].images == (("", PICTURE),)


def test_several_questions_of_a_record(tmp_path: pathlib.Path) -> None:
    path = lines(tmp_path, {"question_id": "7", "easy": "One?", "hard": "Two?", "none": " "})
    asked = read(path, question=["easy", "hard", "none"])
    assert [(item.id, item.question) for item in asked] == [("7#easy", "One?"), ("7#hard", "Two?")]


def test_an_adapter_reads_it(tmp_path: pathlib.Path) -> None:
    turns = [{"from": "human", "value": "<image>One?"}, {"from": "gpt", "value": "1"}]
    turns += [{"from": "human", "value": "Two?"}, {"from": "gpt", "value": "2"}]
    path = lines(tmp_path, {"question_id": "7", "conversations": turns, "image": "gone.jpg"})
    assert [(one.id, one.question, len(one.images)) for one in read(path, adapter="auto")] == [
        ("7#0", "One?", 1),
        ("7#1", "Two?", 1),
    ]


def test_a_file_without_the_question(tmp_path: pathlib.Path) -> None:
    with pytest.raises(InputError, match=r"no record .* has a question in question; its fields: query"):
        read(lines(tmp_path, {"query": "What?"}))


@pytest.mark.parametrize(
    ("one", "other"),
    [("coco/COCO_val2014_000000000139.jpg", "000000000139.png"), ("a/B.jpg", "b.webp"), ("noending", "x/noending")],
)
def test_names_of_one_image(one: str, other: str) -> None:
    assert name_key(one) == name_key(other)


def test_bytes_of_a_row(tmp_path: pathlib.Path) -> None:
    (tmp_path / "tar").write_bytes(b"head" + PICTURE + b"tail")
    member = Medium("image", uri=str(tmp_path / "tar"), offset=4, size_bytes=len(PICTURE))
    assert bytes_of(member) == bytes_of(Medium("image", data=PICTURE)) == PICTURE
    with pytest.raises(InputError, match="cannot be read any more"):
        bytes_of(Medium("image", uri=str(tmp_path / "gone.jpg")))
