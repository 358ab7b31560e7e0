"""Reading ahead of training: every pack once an epoch, exact resume, and what becomes of errors and lost workers."""

from __future__ import annotations

import gc
import itertools
import json
import pathlib
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any

import av
import numpy as np
import pytest
import torch

from model.errors import ModelConfigError
from model.training.packed_dataset import PackedDataset, PackedSample
from model.training.packed_loader import PackedLoader, WorkerLostError, collate_packs, lost_workers_told
from tests.model.packed_sets import write_two_sets
from transforms.errors import InputError
from transforms.packing.layouts.native_reader import PackedSet


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    return write_two_sets(tmp_path_factory.mktemp("sets"))


def keys(batches: Any) -> list[str]:
    return [key for batch in batches for key in batch["keys"]]


def loaders(folder: str, **options: Any) -> Iterator[Any]:
    for rank in range(2):
        yield PackedLoader(PackedDataset(folder, rank=rank, world_size=2, **options), workers=2)


def test_two_ranks_with_two_workers_see_every_pack_once_an_epoch(folders: list[str]) -> None:
    found = [keys(loader) for loader in loaders(folders[0], epochs=1)]
    packs = len(PackedSet.open(folders[0]))
    assert packs > 15
    assert Counter(found[0] + found[1]) == dict.fromkeys(set(found[0] + found[1]), 1)
    assert len(set(found[0] + found[1])) == packs
    assert abs(len(found[0]) - len(found[1])) <= 1


@pytest.mark.parametrize(("workers", "packs_per_batch"), [(0, 1), (2, 1), (2, 3)])
def test_batches_come_in_the_order_of_the_rank(folders: list[str], workers: int, packs_per_batch: int) -> None:
    dataset = PackedDataset(folders[0], epochs=2, seed=5, rank=1, world_size=3)
    [packed] = dataset.sets
    wanted = [packed.read(dataset.order.at(position)[1]).key for position in range(1, 2 * len(packed), 3)]
    found = [batch["keys"] for batch in PackedLoader(dataset, packs_per_batch, workers)]
    assert found == [wanted[begin : begin + packs_per_batch] for begin in range(0, len(wanted), packs_per_batch)]


@pytest.mark.parametrize(
    ("packs_per_batch", "workers", "workers_after"),
    [
        (1, 0, 0),
        pytest.param(3, 2, 2, marks=pytest.mark.slow),
        pytest.param(3, 0, 3, marks=pytest.mark.slow),
        pytest.param(1, 3, 1, marks=pytest.mark.slow),
    ],
)
def test_stopped_anywhere_it_goes_on_exactly(
    folders: list[str], packs_per_batch: int, workers: int, workers_after: int
) -> None:
    """Also by another number of workers, since which packs a batch holds does not depend on it."""

    def loader(workers: int) -> PackedLoader:
        dataset = PackedDataset(folders[0], epochs=2, rank=1, world_size=2)
        return PackedLoader(dataset, packs_per_batch, workers)

    whole = [batch["keys"] for batch in loader(0)]
    for stop in (1, len(whole) // 2 + 1, len(whole)):
        stopped = loader(workers)
        iterator = iter(stopped)
        seen = [next(iterator)["keys"] for _ in range(stop)]
        resumed = loader(workers_after)
        resumed.load_state_dict(json.loads(json.dumps(stopped.state_dict())))
        assert seen + [batch["keys"] for batch in resumed] == whole
    assert [batch["keys"] for batch in resumed] == whole, "the next time from the beginning"


def test_collated_packs_keep_their_documents(folders: list[str]) -> None:
    samples = list(PackedDataset(folders[0], epochs=1, rank=0, world_size=1))[:4]
    batch = collate_packs(samples)
    lengths = torch.cat([sample["cu_seq_lens_q"].diff() for sample in samples])
    assert torch.equal(batch["cu_seq_lens_q"].diff(), lengths)
    assert batch["input_ids"].shape == batch["labels"].shape == (1, int(lengths.sum()))
    assert batch["max_length_q"] == int(lengths.max())
    assert batch["cu_seq_lens_q"].dtype == torch.int32
    patches = int(batch["image_grid_thw"].prod(1).sum())
    assert batch["pixel_values"].shape == (patches, 588)
    trained = batch["labels"] != -100
    assert trained.any() and torch.equal(batch["labels"][trained], batch["input_ids"][trained])


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("count", [1, 2, 3])
def test_pixels_of_all_packs_are_collated(count: int) -> None:
    """In memory of the right size: torch warns where it has to be made anew."""
    samples: list[PackedSample] = [
        {
            "input_ids": torch.full((4,), number),
            "labels": torch.full((4,), number),
            "cu_seq_lens_q": torch.tensor([0, 1, 4], dtype=torch.int32),
            "max_length_q": 3,
            "keys": [str(number)],
            "pixel_values": torch.full((2 + number, 588), float(number)),
            "image_grid_thw": torch.tensor([[1, 1, 2 + number]]),
        }
        for number in range(count)
    ]
    batch = collate_packs(samples)
    assert torch.equal(batch["pixel_values"], torch.cat([sample["pixel_values"] for sample in samples]))
    assert torch.equal(batch["image_grid_thw"], torch.cat([sample["image_grid_thw"] for sample in samples]))
    assert batch["cu_seq_lens_q"].tolist() == [0, *(4 * pack + end for pack in range(count) for end in (1, 4))]


def test_other_errors_than_lost_workers_pass() -> None:
    with pytest.raises(RuntimeError, match="of another kind"), lost_workers_told():
        raise RuntimeError("of another kind")
    with pytest.raises(WorkerLostError, match="ended before its work"), lost_workers_told():
        raise RuntimeError("DataLoader worker (pid 7) is killed by signal: Killed.")


def test_a_state_of_another_order_is_refused(folders: list[str]) -> None:
    state = PackedLoader(PackedDataset(folders[0], rank=0, world_size=2)).state_dict()
    for options, what in (
        ({"rank": 0, "world_size": 4}, "world_size 2, this run has 4"),
        ({"rank": 1, "world_size": 2}, "rank 0, this run has 1"),
        ({"rank": 0, "world_size": 2, "seed": 1}, "seed 0, this run has 1"),
    ):
        with pytest.raises(ModelConfigError, match=what):
            PackedLoader(PackedDataset(folders[0], **options)).load_state_dict(state)


def test_reading_ahead_draws_nothing(folders: list[str]) -> None:
    """Training draws from torch's own generator, which a checkpoint restores before the loader begins."""
    for workers in (0, 1):
        before = torch.get_rng_state()
        next(iter(PackedLoader(PackedDataset(folders[0], rank=0, world_size=1), workers=workers)))
        assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("workers", [0, 2])
def test_errors_of_reading_come_out_as_they_were(tmp_path: pathlib.Path, workers: int) -> None:
    folder = pathlib.Path(write_two_sets(tmp_path)[1])
    for shard in (folder / "packed").glob("*.tar"):
        shard.write_bytes(b"")
    with pytest.raises(InputError) as raised:
        list(PackedLoader(PackedDataset(str(folder), epochs=1, rank=0, world_size=1), workers=workers))
    assert "is shorter than its index says" in str(raised.value) and "Traceback" not in str(raised.value)


#: In a process of its own: torch's handler of signals tells of the killed worker once more, whenever a child ends.
_KILLED = """
import multiprocessing, os, signal, sys
from model.training.packed_dataset import PackedDataset
from model.training.packed_loader import PackedLoader
from transforms.errors import WorkerLostError

batches = iter(PackedLoader(PackedDataset(sys.argv[1], rank=0, world_size=1), workers=1))
next(batches)
(worker,) = multiprocessing.active_children()
os.kill(worker.pid, signal.SIGKILL)
try:
    list(batches)
except WorkerLostError as error:
    print(error, flush=True)
os._exit(0)
"""


@pytest.mark.slow
def test_a_killed_worker_is_an_error(folders: list[str]) -> None:
    done = subprocess.run([sys.executable, "-c", _KILLED, folders[0]], capture_output=True, text=True, check=False)
    assert re.match(r"a process that reads packs ended .*Run the same command to go on", done.stdout), done.stderr


@pytest.mark.parametrize("longest", [0, 1, 2])
def test_the_longest_document_may_stand_in_any_pack_of_a_batch(longest: int) -> None:
    lengths = [[3, 2], [4], [1, 1, 2]]
    lengths[longest][-1] = 7
    samples: list[PackedSample] = [
        {
            "input_ids": torch.arange(sum(pack)) + 100 * number,
            "labels": torch.arange(sum(pack)),
            "cu_seq_lens_q": torch.tensor([0, *itertools.accumulate(pack)], dtype=torch.int32),
            "max_length_q": max(pack),
            "keys": [f"pack{number}"],
        }
        for number, pack in enumerate(lengths)
    ]
    batch = collate_packs(samples)
    assert batch["max_length_q"] == 7
    assert batch["cu_seq_lens_q"].tolist() == [0, *itertools.accumulate(itertools.chain(*lengths))]
    assert batch["cu_seq_lens_q"].dtype == torch.int32
    assert batch["keys"] == ["pack0", "pack1", "pack2"]
    assert torch.equal(batch["input_ids"], torch.cat([sample["input_ids"] for sample in samples])[None])
    assert batch.keys() == samples[0].keys()


class _Collecting(PackedDataset):
    """Frees what is garbage before each pack, as Python may at any time."""

    def read(self, number: int) -> PackedSample | None:
        gc.collect()
        return super().read(number)


def test_workers_begin_without_the_frames_of_this_process(folders: list[str]) -> None:
    """Freed in a worker, a frame waits for libswscale's threads, which were not forked with it, for ever."""

    def leave_a_frame_in_a_cycle() -> None:
        frame = av.VideoFrame.from_ndarray(np.zeros((480, 640, 3), np.uint8), format="rgb24")
        frame.reformat(320, 240, "yuv420p")
        cycle: list[Any] = [frame]
        cycle.append(cycle)

    def give_up(*_: object) -> None:
        raise TimeoutError("the workers hang")

    before = signal.signal(signal.SIGALRM, give_up)
    gc.disable()
    try:
        leave_a_frame_in_a_cycle()
        signal.alarm(60)
        found = keys(PackedLoader(_Collecting(folders[1], epochs=1, rank=0, world_size=1), workers=1))
    finally:
        signal.alarm(0)
        gc.enable()
        signal.signal(signal.SIGALRM, before)
    assert len(found) == len(PackedSet.open(folders[1]))
