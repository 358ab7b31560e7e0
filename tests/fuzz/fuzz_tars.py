"""Damaged tars: every sample read is where it is said to be, all else is a reject or an error for the user."""

from __future__ import annotations

import json
import pathlib
import tarfile

from hypothesis import given

from tests.fuzz.mutations import fuzzed, mutated, watched
from tests.transforms.reading.tars import only_shard, tar_bytes
from transforms.datasets import rejects_table
from transforms.errors import EvenweaveError
from transforms.reading.samples import RawSample, read_samples
from transforms.rejects import Counts, Reject


def _samples(name: str, count: int = 4) -> list[tuple[str, bytes]]:
    record = json.dumps({"caption": "a dog", "width": 3, "url": "http://x"}).encode()
    members = ((".jpg", b"\xff\xd8 picture"), (".txt", "一只狗".encode()), (".json", record))
    return [(f"{name}{n}{ending}", data + str(n).encode()) for n in range(count) for ending, data in members]


SEEDS = [
    tar_bytes(_samples("a")),
    tar_bytes(_samples("folder/b") + _samples("猫/c", 2), tarfile.PAX_FORMAT),
    tar_bytes(_samples("long" * 40, 2), tarfile.GNU_FORMAT),
    tar_bytes(_samples("long" * 40, 2), tarfile.PAX_FORMAT),
    tar_bytes([("d.jpg", bytes(3000)), ("d.txt", b"x" * 600)]),
]


@fuzzed
@given(mutated(SEEDS))
def test_tars(tmp_path_factory, data: bytes) -> None:  # type: ignore[no-untyped-def]
    path = pathlib.Path(tmp_path_factory.getbasetemp()) / "shard.tar"
    with watched():
        try:
            shard, source = only_shard(path, data, caption="optional")
            items = list(read_samples(shard, source))
        except EvenweaveError:
            return
        samples = [item for item in items if isinstance(item, RawSample)]
        rejects = [item for item in items if isinstance(item, Reject)]
        counts = Counts.of(len(samples), rejects)
        assert counts.rows_in == len(items)
        counts.check("annotate")
        assert len({sample.key for sample in samples}) == len(samples)
        for sample in samples:
            assert data[sample.member_offset : sample.member_offset + sample.member_bytes] == sample.image
            sample.key.encode()
            (sample.caption or "").encode()
        assert rejects_table("shard", rejects).num_rows == len(rejects)
