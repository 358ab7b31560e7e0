"""A trial's part of the inputs: so many samples, from everywhere, and only these are read."""

from __future__ import annotations

import pathlib

import pytest

from tests.transforms.exporting.small_run import draw_tars
from transforms.reading.checks import most_samples
from transforms.reading.limit import spread
from transforms.reading.listing import InputShard, list_shards
from transforms.reading.samples import read_samples
from transforms.storage import StoragePath


def listed(**shards: int) -> list[InputShard]:
    path = StoragePath("/none")
    return [InputShard(source, f"{n:05d}", "webdataset", path, 1) for source, of in shards.items() for n in range(of)]


@pytest.mark.parametrize("samples", [1, 2, 3, 7, 100, 10_001])
def test_no_more_than_asked_for_and_equally_many_of_each_source(samples: int) -> None:
    found = spread(listed(a=1, b=40, c=5), samples)
    by_source = [sum(shard.limit or 0 for shard in found if shard.source == name) for name in "abc"]
    assert sum(by_source) == samples
    assert max(by_source) - min(by_source) <= 1
    assert all(shard.limit for shard in found)
    assert len({(shard.source, shard.name) for shard in found}) == len(found)


def test_shards_are_taken_from_the_first_to_the_last() -> None:
    found = spread(listed(b=40), 800)
    assert [int(shard.name) for shard in found] == [0, 5, 11, 16, 22, 27, 33, 39]
    assert {shard.limit for shard in found} == {100}
    for samples, numbers in ((1, [0]), (2, [0, 39]), (3, [0, 19, 39])):
        assert [int(shard.name) for shard in spread(listed(b=40), samples)] == numbers


def test_only_these_are_read(tmp_path: pathlib.Path) -> None:
    source = draw_tars(tmp_path / "raw", shards=3, samples=10)
    found = spread(list_shards(source), 5)
    assert [len(list(read_samples(shard, source))) for shard in found] == [2, 2, 1]
    assert most_samples(found) == {source.name: 5}
    whole = list_shards(source)[0]
    assert [one.key for one in read_samples(found[0], source)] == [one.key for one in read_samples(whole, source)][:2]
