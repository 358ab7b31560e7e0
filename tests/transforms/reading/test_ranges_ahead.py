"""What is fetched ahead is what is there, each byte once, and no more of it at a time than was agreed."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.reading import ranges_ahead
from transforms.reading.range_reader import RangeReader
from transforms.reading.ranges_ahead import RangesAhead
from transforms.storage import StoragePath

SIZE = 4000


class Counting(RangeReader):
    """Keeps what was asked for."""

    def __init__(self, path: StoragePath) -> None:
        super().__init__(path)
        self.asked: list[tuple[int, int]] = []

    def read(self, offset: int, size_bytes: int) -> bytes:
        self.asked.append((offset, offset + size_bytes))
        return super().read(offset, size_bytes)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoragePath]:
    file = tmp_path_factory.mktemp("ahead") / "a.bin"
    file.write_bytes(os.urandom(SIZE))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(ranges_ahead, "RANGE_BYTES", 100)
        patched.setattr(ranges_ahead, "MOST_GAP_BYTES", 20)
        yield StoragePath.of(file)


def read(ahead: RangesAhead, begin: int, end: int) -> bytes:
    return b"".join(ahead.read(begin, end - begin))


cuts = st.lists(st.integers(0, SIZE), max_size=12, unique=True).map(sorted)


@given(cuts, st.lists(st.tuples(st.integers(0, SIZE + 100), st.integers(0, 900)), max_size=20))
def test_any_reads_over_any_plan_give_what_is_there(
    path: StoragePath, bounds: list[int], reads: list[tuple[int, int]]
) -> None:
    content = path.read_bytes()
    reader = RangeReader(path)
    ahead = RangesAhead(reader)
    ahead.plan(zip(bounds[::2], bounds[1::2], strict=False))
    for begin, size_bytes in reads:
        assert read(ahead, begin, begin + size_bytes) == content[begin : begin + size_bytes]
    ahead.close()
    reader.close()


@given(cuts, st.randoms(use_true_random=False), st.integers(1, 400))
def test_what_is_read_as_planned_is_asked_for_once(path: StoragePath, bounds: list[int], random, step: int) -> None:
    """In order or nearly so, as the columns of a row group come."""
    stretches = list(zip(bounds[::2], bounds[1::2], strict=False))
    content, reader = path.read_bytes(), Counting(path)
    ahead = RangesAhead(reader)
    ahead.plan(stretches)
    random.shuffle(stretches)
    for begin, end in stretches:
        for at in range(begin, end, step):
            assert read(ahead, at, min(at + step, end)) == content[at : min(at + step, end)]
    ahead.close()
    if len(stretches) < ranges_ahead.RANGES_IN_FLIGHT and all(end - begin <= 100 for begin, end in stretches):
        covered = sorted(reader.asked)
        assert all(before[1] <= after[0] for before, after in itertools.pairwise(covered))
    reader.close()


def test_no_more_is_fetched_than_was_agreed(path: StoragePath) -> None:
    reader = Counting(path)
    ahead = RangesAhead(reader)
    ahead.plan([(0, SIZE)])
    for at in range(0, SIZE, 10):
        read(ahead, at, at + 10)
        assert max(end for _, end in [*reader.asked, (0, 0)]) <= at + 10 + 100 * ranges_ahead.RANGES_IN_FLIGHT + 100
    assert sorted(reader.asked) == [(at, at + 100) for at in range(0, SIZE, 100)]
    ahead.close()
    reader.close()


def test_what_was_read_before_its_turn_is_not_fetched_again(path: StoragePath) -> None:
    """And what was not is fetched ahead all the same, a range at a time."""
    content, reader = path.read_bytes(), Counting(path)
    ahead = RangesAhead(reader)
    ahead.plan([(0, 3000)])
    early = [(at, at + 10) for at in range(1500, 1600, 10)]
    early += [(1750, 1760), (2900, 3000)]
    for begin, end in early:
        assert read(ahead, begin, end) == content[begin:end]
    for at in range(0, 3000, 10):
        if (at, at + 10) not in early and at < 2900:
            assert read(ahead, at, at + 10) == content[at : at + 10]
    ranges = [(at, at + 100) for at in range(0, 3000, 100) if at not in (1500, 2900)]
    assert sorted(reader.asked) == sorted(ranges + early)
    ahead.close()
    reader.close()


def test_stretches_with_little_between_are_one_range_and_full_ranges_stay_apart(path: StoragePath) -> None:
    reader = Counting(path)
    ahead = RangesAhead(reader)
    ahead.plan([(0, 40), (60, 100), (121, 150), (200, 300), (310, 340), (400, 600), (600, 610)])
    for begin, end in ((0, 40), (60, 100), (121, 150), (200, 300), (310, 340), (400, 600), (600, 610)):
        assert read(ahead, begin, end) == path.read_bytes()[begin:end]
    ahead.close()
    reader.close()
    assert sorted(reader.asked) == [(0, 100), (121, 150), (200, 300), (310, 340), (400, 500), (500, 600), (600, 610)]


def test_a_large_read_is_cut_into_ranges(path: StoragePath) -> None:
    reader = Counting(path)
    ahead = RangesAhead(reader)
    assert read(ahead, 50, 1050) == path.read_bytes()[50:1050]
    assert sorted(reader.asked) == [(at, at + 100) for at in range(50, 1050, 100)]
    ahead.close()
    reader.close()


@given(cuts, st.integers(1, 400), st.integers(0, 150))
def test_what_was_begun_is_part_of_the_plan_or_let_go(
    path: StoragePath, bounds: list[int], step: int, tail: int
) -> None:
    """Of a file whose footer is looked at first, which tells what is wanted."""
    stretches = list(zip(bounds[::2], bounds[1::2], strict=False))
    content, reader = path.read_bytes(), Counting(path)
    ahead = RangesAhead(reader)
    ahead.begin()
    assert read(ahead, SIZE - tail, SIZE) == content[SIZE - tail :]
    ahead.plan(stretches)
    for begin, end in stretches:
        for at in range(begin, end, step):
            assert read(ahead, at, min(at + step, end)) == content[at : min(at + step, end)]
    ahead.close()
    asked = sorted(one for one in reader.asked if one[0] < one[1] and one[1] <= SIZE - tail)
    assert all(before[1] <= after[0] for before, after in itertools.pairwise(asked))
    reader.close()
