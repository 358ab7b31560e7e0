from __future__ import annotations

import pathlib

import pytest

from tests.transforms.instruct.small_sets import picture, read_all, source, write_lines, write_parquet, write_tar
from transforms.errors import InputError
from transforms.instruct.medium_bytes import MediumReader, read_distinct
from transforms.instruct.rows import Medium


def test_the_same_bytes_from_wherever_they_lie(tmp_path: pathlib.Path) -> None:
    data = picture()
    (tmp_path / "cat.jpg").write_bytes(data)
    record = {"conversations": [{"from": "human", "value": "<image>?"}, {"from": "gpt", "value": "A cat."}]}
    lines = write_lines(tmp_path / "lines.jsonl", [{**record, "image": "cat.jpg"}] * 2)
    table = write_parquet(tmp_path / "table.parquet", [{**record, "images": [{"bytes": data, "path": "cat.jpg"}]}])
    tar = write_tar(tmp_path / "shard.tar", {"a.txt": b"A cat.", "a.jpg": data, "b.txt": b"A cat.", "b.jpg": data})
    for path in (lines, table, tar):
        rows, _ = read_all(source(path))
        with MediumReader() as reader:
            assert [reader.read(one) for row in rows for one in row.media] == [data] * sum(
                len(row.media) for row in rows
            )
        ((content, medium, read),) = read_distinct(rows)
        assert read == data and content == medium.content_hash


def test_what_is_not_there_any_more(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "cat.jpg"
    path.write_bytes(b"1234")
    with MediumReader() as reader:
        with pytest.raises(InputError, match="holds 4 bytes"):
            reader.read(Medium("image", uri=str(path), size_bytes=5))
        path.unlink()
        with pytest.raises(InputError, match="cannot be read any more"):
            reader.read(Medium("image", uri=str(path), size_bytes=4))
