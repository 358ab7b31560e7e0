"""Packed sets for training: which rank reads which pack.

All ranks share one endless order (:mod:`transforms.packing.plan.pack_order`). Of R ranks, rank r reads position r, and
every R-th after it; so each pack is read once an epoch, by one, and no rank runs dry before another. How a rank's packs
are read ahead, and gone on with after a stop, is :mod:`model.training.packed_loader`'s.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator, Sequence
from typing import Any, NotRequired, TypedDict

import numpy as np
import torch
from torch.utils.data import IterableDataset, get_worker_info

from model.errors import ModelConfigError
from model.training.packed_pixels import PixelProcessor
from transforms.packing.layouts.native_reader import PackedSet, StoredPack
from transforms.packing.plan.pack_order import PackOrder


class PackedSample(TypedDict):
    """One pack, or several joined by the loader: L tokens of D documents, P patches of I images.

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
    """Packs of one or several sets, in keyed order, for this rank."""

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

    def __iter__(self) -> Iterator[PackedSample]:
        """This worker's share of this rank's packs, one by one."""
        info = get_worker_info()
        for number in itertools.count(0 if info is None else info.id, 1 if info is None else info.num_workers):
            if (sample := self.read(number)) is None:
                return
            yield sample

    def read(self, number: int) -> PackedSample | None:
        """The pack that this rank reads after ``number`` others; None after the last epoch."""
        position = self._rank + self._world_size * number
        if self._epochs is not None and position >= self._epochs * self.order.packs:
            return None
        which, index = self.order.at(position)
        return to_tensors(self.sets[which].read(index), self._pixels[which])

    def identity(self) -> dict[str, Any]:
        """What the order that this rank follows depends on."""
        return {
            "sets": [one.fingerprint for one in self.sets],
            "weights": None if self.order.weights is None else list(self.order.weights),
            "seed": self.order.seed,
            "rank": self._rank,
            "world_size": self._world_size,
        }


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
