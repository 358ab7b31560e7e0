"""What is kept of a benchmark, and what is not."""

from __future__ import annotations

import pathlib

import pyarrow.parquet as pq

from tests.transforms.instruct.decontaminating.small_benchmark import (
    CHARTS,
    LONG,
    files_in,
    prints_of,
    settings_of,
    write_benchmark,
)
from transforms.instruct.decontaminating.fingerprints import Sample, hand_on
from transforms.instruct.decontaminating.items import Item
from transforms.storage import StoragePath


def test_what_is_handed_on_holds_no_content(tmp_path: pathlib.Path) -> None:
    settings = settings_of(write_benchmark(tmp_path / "b"))
    path = tmp_path / "handed.parquet"
    counts = hand_on(settings.benchmarks[0], settings.text, StoragePath.of(str(path)))
    assert counts.rows_out == CHARTS + 2
    table = pq.read_table(path)
    rows = table.to_pylist()
    assert [len(row["images"]) for row in rows] == [1] * CHARTS + [0, 0]
    assert all(image["offset"] is None for row in rows for image in row["images"])
    data = path.read_bytes()
    assert b"farmer" not in data and b"JFIF" not in data and b"PNG" not in data
    again = tmp_path / "again.parquet"
    hand_on(settings.benchmarks[0], settings.text, StoragePath.of(str(again)))
    assert again.read_bytes() == data


def test_a_picture_is_stored_once(tmp_path: pathlib.Path) -> None:
    path = write_benchmark(tmp_path / "b")
    path.write_text(path.read_text() * 2)
    prints_of(tmp_path / "b", settings_of(path).benchmarks[0])
    places = {
        image["offset"]
        for row in pq.read_table(tmp_path / "b" / "small.parquet").to_pylist()
        for image in row["images"]
    }
    assert len(places) == CHARTS


def test_the_sample_depends_on_no_order() -> None:
    items = [Item(str(number), f"{LONG[0]} {number}", ()) for number in range(40)]
    tables = []
    for order in (items, items[::-1]):
        sample = Sample(7, 3, "b")
        for item in order:
            sample.offer(item, b"x" if int(item.id) % 2 else None, is_long=True)
        tables.append(sample.table())
    assert tables[0].equals(tables[1])
    shown = tables[0]["image"].to_pylist()
    assert (len(shown), sum(one is not None for one in shown)) == (14, 7)


def test_files_without_pictures(tmp_path: pathlib.Path) -> None:
    settings = settings_of(write_benchmark(tmp_path / "b"))
    prints_of(tmp_path / "b", settings.benchmarks[0], hashes_alone=True)
    assert not (tmp_path / "b" / "small.pictures").exists()
    assert files_in(tmp_path / "b", hashes_alone=True).pictures is None
