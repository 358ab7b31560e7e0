"""Packs read ahead of training, and gone on with exactly where a run stopped.

Batch b of a rank is read by worker b modulo W and holds the same packs whatever W is; batches come in order. So where a
rank stands is one number, the packs that it was given, and a run may go on with more workers than it had, or fewer.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from model.errors import ModelConfigError
from model.training.packed_dataset import PackedDataset, PackedSample
from model.training.packed_pixels import empty_to_send
from transforms.errors import EvenweaveError, WorkerLostError


class PackedLoader:
    """Batches of a rank's packs, decoded and preprocessed in ``workers`` processes (0: in line, by this one).

    Each ``iter`` begins anew, but the first after :meth:`load_state_dict`, which goes on from there.
    """

    def __init__(
        self, dataset: PackedDataset, packs_per_batch: int = 1, workers: int = 4, prefetch_batches: int = 2
    ) -> None:
        self._dataset, self._packs_per_batch = dataset, packs_per_batch
        self._workers, self._prefetch_batches = workers, prefetch_batches
        self._start = self._given = 0

    def __iter__(self) -> Iterator[PackedSample]:
        """Raises the errors of reading, and WorkerLostError where a worker ended before its work."""
        self._given, self._start = self._start, 0
        # a worker that frees a frame of this process, met by chance in a cycle, waits for libswscale's threads, which
        # were not forked with it, for ever
        gc.collect()
        loader = DataLoader(
            _Batches(self._dataset, self._packs_per_batch, self._given),
            batch_size=None,
            num_workers=self._workers,
            collate_fn=_as_it_is,
            prefetch_factor=self._prefetch_batches if self._workers else None,
            pin_memory=torch.cuda.is_available(),
            # of its own: the workers' seed is drawn from it, and training's must stand where its checkpoint left it
            generator=torch.Generator(),
        )
        with lost_workers_told():
            for batch in loader:
                if isinstance(batch, EvenweaveError):
                    raise batch
                self._given += len(batch["keys"])
                yield batch

    def state_dict(self) -> dict[str, Any]:
        return {"given": self._given, **self._dataset.identity()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Raises ModelConfigError for the state of another order, naming what differs."""
        for name, value in self._dataset.identity().items():
            if state.get(name) != value:
                raise ModelConfigError(
                    f"the saved position in the data has {name} {state.get(name)}, this run has {value}: the packs "
                    "still unread cannot be told. Go on with the old value, or start the data anew."
                )
        self._given = self._start = int(state["given"])


@contextmanager
def lost_workers_told() -> Iterator[None]:
    """Raise WorkerLostError in place of what torch raises for a worker that ended, wherever this process is then."""
    try:
        yield
    except RuntimeError as error:
        if not str(error).startswith("DataLoader worker (pid"):
            raise
        raise WorkerLostError(
            f"a process that reads packs ended before its work: {str(error).strip()} Run the same command to go on "
            "from the last checkpoint; if it happens again, look at the machine's memory, or lower data.workers."
        ) from error


class _Batches(IterableDataset[PackedSample | EvenweaveError]):
    """In a worker: its share of the batches, from the pack of number ``start`` on.

    An error that is the user's to mend is handed over like a batch: raised here, it would come out with the worker's
    traceback in its message.
    """

    def __init__(self, dataset: PackedDataset, packs_per_batch: int, start: int) -> None:
        self._dataset, self._packs_per_batch, self._start = dataset, packs_per_batch, start

    def __iter__(self) -> Iterator[PackedSample | EvenweaveError]:
        info = get_worker_info()
        first, step = (0, 1) if info is None else (info.id, info.num_workers)
        try:
            begin = self._start + first * self._packs_per_batch
            while samples := self._read(begin):
                yield collate_packs(samples)
                begin += step * self._packs_per_batch
        except EvenweaveError as error:
            yield error

    def _read(self, begin: int) -> list[PackedSample]:
        """The packs of a batch; fewer where the last epoch ends."""
        found = (self._dataset.read(number) for number in range(begin, begin + self._packs_per_batch))
        return [sample for sample in found if sample is not None]


def _as_it_is(batch: Any) -> Any:
    return batch


def collate_packs(samples: Sequence[PackedSample]) -> PackedSample:
    """Packs one after another as one row: documents keep apart by ``cu_seq_lens_q``, so nothing is padded."""
    ends = np.cumsum([len(sample["input_ids"]) for sample in samples]).tolist()
    later = [sample["cu_seq_lens_q"][1:] + begin for sample, begin in zip(samples, [0, *ends], strict=False)]
    batch: PackedSample = {
        "input_ids": torch.cat([sample["input_ids"] for sample in samples])[None],
        "labels": torch.cat([sample["labels"] for sample in samples])[None],
        "cu_seq_lens_q": torch.cat([torch.zeros(1, dtype=torch.int32), *later]),
        "max_length_q": max(sample["max_length_q"] for sample in samples),
        "keys": [key for sample in samples for key in sample["keys"]],
    }
    for name in ("pixel_values", "image_grid_thw", "pixel_values_videos", "video_grid_thw"):
        if parts := [sample[name] for sample in samples if name in sample]:
            batch[name] = parts[0] if len(parts) == 1 else _joined(parts)
    return batch


def _joined(parts: list[torch.Tensor]) -> torch.Tensor:
    rows = sum(map(len, parts))
    return torch.cat(parts, out=empty_to_send((rows, *parts[0].shape[1:]), parts[0].dtype))
