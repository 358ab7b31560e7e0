"""Packed sets for training: which rank and worker reads which pack, and going on exactly where a run stopped.

All readers share one endless order (:mod:`transforms.packing.plan.pack_order`). Of W workers on each of R ranks,
worker w of rank r reads position r + R·w, and every R·W-th after it; so each pack is read once an epoch, by one,
and no rank runs dry before another. A reader's state is how many packs it has given out.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any, NotRequired, TypedDict

import numpy as np
import torch
from torch.utils.data import IterableDataset, get_worker_info
from torchdata.stateful_dataloader import StatefulDataLoader

from model.errors import ModelConfigError
from model.training.packed_pixels import PixelProcessor, empty_to_send
from transforms.packing.layouts.native_reader import PackedSet, StoredPack
from transforms.packing.plan.pack_order import PackOrder


class PackedSample(TypedDict):
    """One pack, or several after :func:`collate_packs`: L tokens of D documents, P patches of I images.

    Labels are not shifted. ``cu_seq_lens_q`` begins with 0 and ends with L, int32, as the model takes it.
    """

    input_ids: torch.Tensor  # (L,) int64; (1, L) collated
    labels: torch.Tensor  # (L,) int64; (1, L) collated
    cu_seq_lens_q: torch.Tensor  # (D + 1,)
    max_length_q: int
    pixel_values: NotRequired[torch.Tensor]  # (P, 588); absent in packs without images, with its grid
    image_grid_thw: NotRequired[torch.Tensor]  # (I, 3)
    pixel_values_videos: NotRequired[torch.Tensor]
    video_grid_thw: NotRequired[torch.Tensor]
    keys: list[str]  # of packs


class PackedDataset(IterableDataset[PackedSample]):
    """Packs of one or several sets, in keyed order, for this rank and worker.

    Give it to :func:`packed_loader`. Its ``state_dict`` is taken, and loaded, in each worker (torchdata's protocol).
    """

    def __init__(
        self,
        folders: str | Sequence[str],
        *,
        weights: Sequence[float] | None = None,
        tokenizer_fingerprint: str | None = None,
        seed: int = 0,
        epochs: int | None = None,
        rank: int | None = None,
        world_size: int | None = None,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        """``folders``: run folders of pack. ``weights``: shares of the sets; None joins them, each pack once an epoch.

        ``epochs``: None never ends. ``rank`` and ``world_size``: None takes them from torch.distributed, or from the
        environment that torchrun sets. Raises InputError for a folder that is no native packed set or is one of
        another tokenizer, and ModelConfigError for ``epochs`` of a weighted mixture, which has no common epoch.
        """
        paths = [folders] if isinstance(folders, str) else list(folders)
        self.sets = [PackedSet.open(path, tokenizer_fingerprint) for path in paths]
        self.order = PackOrder(tuple(map(len, self.sets)), seed, None if weights is None else tuple(weights))
        if epochs is not None and weights is not None:
            raise ModelConfigError("epochs of a weighted mixture are of different lengths; leave epochs or weights out")
        self._epochs = epochs
        self._rank, self._world_size = _place(rank, world_size)
        self._pixels = [PixelProcessor(one.image_limits, one.video_limits, dtype) for one in self.sets]
        self._start = self._given = 0

    def __iter__(self) -> Iterator[PackedSample]:
        self._given, self._start = self._start, 0
        end = None if self._epochs is None else self._epochs * self.order.packs
        while end is None or self._position(self._given) < end:
            which, index = self.order.at(self._position(self._given))
            sample = to_tensors(self.sets[which].read(index), self._pixels[which])
            self._given += 1
            yield sample

    def state_dict(self) -> dict[str, Any]:
        return {"given": self._given, **self._identity()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Raises ModelConfigError for the state of another order, naming what differs."""
        for name, value in self._identity().items():
            if state.get(name) != value:
                raise ModelConfigError(
                    f"the saved position in the data has {name} {state.get(name)}, this run has {value}: the packs "
                    "still unread cannot be told. Go on with the old value, or start the data anew."
                )
        self._given = self._start = state["given"]

    def _identity(self) -> dict[str, Any]:
        """What the order that this reader follows depends on."""
        worker, workers = _worker()
        return {
            "sets": [one.fingerprint for one in self.sets],
            "weights": None if self.order.weights is None else list(self.order.weights),
            "seed": self.order.seed,
            "rank": self._rank,
            "world_size": self._world_size,
            "worker": worker,
            "workers": workers,
        }

    def _position(self, given: int) -> int:
        worker, workers = _worker()
        return self._rank + self._world_size * (worker + workers * given)


def packed_loader(
    dataset: PackedDataset, packs_per_batch: int = 1, workers: int = 4, prefetch_batches: int = 2
) -> StatefulDataLoader[PackedSample]:
    """Decodes and preprocesses in ``workers`` processes, ahead of training; ``state_dict`` of the loader resumes it."""
    return StatefulDataLoader(
        dataset,
        batch_size=packs_per_batch,
        num_workers=workers,
        collate_fn=collate_packs,
        prefetch_factor=prefetch_batches if workers else None,
        pin_memory=torch.cuda.is_available(),
    )


def to_tensors(pack: StoredPack, pixels: PixelProcessor) -> PackedSample:
    """Decode and preprocess a stored pack."""
    sample: PackedSample = {
        "input_ids": torch.from_numpy(pack.input_ids.astype(np.int64)),
        "labels": torch.from_numpy(pack.labels.astype(np.int64)),
        "cu_seq_lens_q": torch.from_numpy(np.concatenate([[0], np.cumsum(pack.document_lengths)]).astype(np.int32)),
        "max_length_q": int(pack.document_lengths.max()),
        "keys": [pack.key],
    }
    if pack.images:
        sample["pixel_values"] = pixels.images(pack)
        sample["image_grid_thw"] = torch.from_numpy(pack.image_grids.copy())
    if pack.videos:
        sample["pixel_values_videos"] = pixels.videos(pack)
        sample["video_grid_thw"] = torch.from_numpy(pack.video_grids.copy())
    return sample


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


def _worker() -> tuple[int, int]:
    info = get_worker_info()
    return (0, 1) if info is None else (info.id, info.num_workers)


def _place(rank: int | None, world_size: int | None) -> tuple[int, int]:
    if (rank is None) != (world_size is None):
        raise ModelConfigError("give both rank and world_size, or neither")
    if rank is None or world_size is None:
        if torch.distributed.is_available() and torch.distributed.is_initialized():
            return torch.distributed.get_rank(), torch.distributed.get_world_size()
        rank, world_size = int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))
    if not 0 <= rank < world_size:
        raise ModelConfigError(f"rank {rank} of {world_size}: ranks count from 0")
    return rank, world_size
