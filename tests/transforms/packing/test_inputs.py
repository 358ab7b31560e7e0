"""Sources cut into the parts that are read alone, and parts dealt into groups."""

from __future__ import annotations

import pathlib

import pytest

from tests.transforms.packing.corpus import pair, write_tar
from transforms.errors import InputError
from transforms.packing.inputs import PackInput, group_inputs, list_inputs
from transforms.packing.sources import PackSource
from transforms.storage import StoragePath


def source(path: pathlib.Path, **more: object) -> PackSource:
    return PackSource.model_validate({"name": "s", "format": "conversations", "path": str(path), **more})


def ranges(inputs: list[PackInput]) -> list[tuple[str, int, int]]:
    return [(part.name, part.first_byte, part.end_byte) for part in inputs]


@pytest.mark.parametrize(
    "size, wanted",
    [
        (0, [("a", 0, 0)]),
        (1, [("a", 0, 1)]),
        (10, [("a", 0, 10)]),
        (11, [("a-00000", 0, 10), ("a-00001", 10, 11)]),
        (20, [("a-00000", 0, 10), ("a-00001", 10, 20)]),
        (21, [("a-00000", 0, 10), ("a-00001", 10, 20), ("a-00002", 20, 21)]),
    ],
)
def test_lines_are_read_in_ranges_that_join(
    tmp_path: pathlib.Path, size: int, wanted: list[tuple[str, int, int]]
) -> None:
    (tmp_path / "a.jsonl").write_bytes(b"\n" * size)
    inputs = list_inputs(source(tmp_path), range_bytes=10)
    assert ranges(inputs) == wanted
    assert {(part.source, part.size_bytes) for part in inputs} == {("s", size)}


def test_json_and_tars_are_read_whole(tmp_path: pathlib.Path) -> None:
    (tmp_path / "a.json").write_text("[" + " " * 50 + "]")
    assert ranges(list_inputs(source(tmp_path), range_bytes=10)) == [("a", 0, 52)]
    write_tar(tmp_path / "tars" / "b.tar", pair("k", 40, 40, 1))
    size = (tmp_path / "tars" / "b.tar").stat().st_size
    inputs = list_inputs(source(tmp_path / "tars", format="webdataset"), range_bytes=10)
    assert ranges(inputs) == [("b", 0, size)]
    assert (inputs[0].shard.name, inputs[0].shard.format, inputs[0].shard.size_bytes) == ("b", "webdataset", size)


def test_what_cannot_be_read_is_told_before(tmp_path: pathlib.Path) -> None:
    with pytest.raises(InputError, match=r"nothing to read at .*\.json, \.jsonl"):
        list_inputs(source(tmp_path), range_bytes=10)
    (tmp_path / "a.jsonl").write_text("")
    assert list_inputs(source(tmp_path, media=str(tmp_path)), range_bytes=10)
    with pytest.raises(InputError, match="no folder of media"):
        list_inputs(source(tmp_path, media=str(tmp_path / "none")), range_bytes=10)
    (tmp_path / "a.json").write_text("[]")
    with pytest.raises(InputError, match="would both be called a"):
        list_inputs(source(tmp_path), range_bytes=10)


def test_what_a_mixture_holds_out_is_not_trained_on(tmp_path: pathlib.Path) -> None:
    for split in ("test", "train", "validation"):
        write_tar(tmp_path / split / f"{split}-000000.tar", pair("k", 40, 40, 1))
    with pytest.raises(InputError, match=r"holds test, train, validation; .*Name one, as .*/train, or"):
        list_inputs(source(tmp_path, format="mixture"), range_bytes=10)
    assert [one.name for one in list_inputs(source(tmp_path / "train", format="mixture"), 10)] == ["train-000000"]
    assert len(list_inputs(source(f"{tmp_path}/{{train,validation}}/*.tar", format="mixture"), 10)) == 2


def test_groups_do_not_depend_on_the_order_of_the_inputs() -> None:
    inputs = [PackInput(name[0], name, StoragePath.of(f"/{name}"), 1, 0, 1) for name in ("b2", "a1", "b1", "a3", "a2")]
    groups = group_inputs(inputs, 2, seed=0)
    assert groups == group_inputs(inputs[::-1], 2, seed=0)
    assert [group.number for group in groups] == [0, 1, 2]
    assert sorted(part.name for group in groups for part in group.inputs) == ["a1", "a2", "a3", "b1", "b2"]
    assert all(len(group.inputs) <= 2 for group in groups)
    assert all(list(group.inputs) == sorted(group.inputs, key=lambda part: part.name) for group in groups)
    assert any(groups != group_inputs(inputs, 2, seed=seed) for seed in range(1, 5))
