"""The media of a stored pack → patches, as the model reads them. Runs in the data loader's workers.

transformers' own Qwen2-VL processors do it, on torchvision, one frame a patch, under the limits that the pack was
planned with; so what comes out is what the processor alone would give, and its grids must be those that the tokens were
counted by.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import get_worker_info
from transformers.models.qwen2_vl.image_processing_qwen2_vl import Qwen2VLImageProcessor
from transformers.models.qwen2_vl.video_processing_qwen2_vl import Qwen2VLVideoProcessor

from transforms.packing.documents.image_bytes import decode_image
from transforms.packing.documents.image_tokens import PixelLimits
from transforms.packing.documents.video_bytes import decode_frames
from transforms.packing.layouts.native_reader import StoredPack

_PATCH_VALUES = 3 * 14 * 14


class PixelProcessor:
    """Decodes and preprocesses; ``dtype`` is that of the patches, float32 to be equal to the processor's."""

    def __init__(
        self, image_limits: PixelLimits, video_limits: PixelLimits, dtype: torch.dtype = torch.float32
    ) -> None:
        self._images = Qwen2VLImageProcessor(temporal_patch_size=1, size=_size(image_limits))
        self._videos = Qwen2VLVideoProcessor(
            temporal_patch_size=1, size=_size(video_limits), cap_pixels_per_frame=False, do_sample_frames=False
        )
        self._dtype = dtype

    def images(self, pack: StoredPack) -> torch.Tensor:
        """(patches, 588); raises InputError for an image that is not as the pack states."""
        stated = ((document.key, size) for document in pack.documents for size in document.images)
        patches = _Patches(pack.image_grids, self._dtype)
        for number, (data, (key, size)) in enumerate(zip(pack.images, stated, strict=True)):
            where = f"image {number} of pack {pack.key} (document {key})"
            pixels = _channels_first(decode_image(data, size, where))
            made = self._images(images=[pixels], return_tensors="pt")
            patches.add(made["pixel_values"], made["image_grid_thw"], where)
        return patches.out

    def videos(self, pack: StoredPack) -> torch.Tensor:
        """(patches, 588), the same for the frames of videos."""
        stated = ((document.key, size) for document in pack.documents for size in document.videos)
        patches = _Patches(pack.video_grids, self._dtype)
        media = zip(pack.videos, stated, pack.video_total_frames, strict=True)
        for number, (data, (key, size), total) in enumerate(media):
            where = f"video {number} of pack {pack.key} (document {key})"
            frames = _channels_first(decode_frames(data, size, total, where))
            made = self._videos(videos=[frames], return_tensors="pt")
            patches.add(made["pixel_values_videos"], made["video_grid_thw"], where)
        return patches.out


def empty_to_send(shape: tuple[int, ...], dtype: torch.dtype) -> torch.Tensor:
    """In a data loader's worker, a tensor in shared memory, which reaches the training process without a copy."""
    if get_worker_info() is None:
        return torch.empty(shape, dtype=dtype)
    storage = torch.UntypedStorage._new_shared(math.prod(shape) * dtype.itemsize)  # type: ignore[no-untyped-call]
    return torch.empty(0, dtype=dtype).set_(storage).view(shape)


class _Patches:
    """The patches of a pack, of known number, filled in one medium after another."""

    def __init__(self, grids: NDArray[np.int64], dtype: torch.dtype) -> None:
        self._grids = grids.tolist()
        self._added = self._rows = 0
        self.out = empty_to_send((int(grids.prod(axis=1).sum()), _PATCH_VALUES), dtype)

    def add(self, patches: torch.Tensor, grid: torch.Tensor, where: str) -> None:
        planned = self._grids[self._added]
        if grid.tolist() != [planned]:
            raise AssertionError(f"{where}: the processor makes patches {grid.tolist()}, planned were {planned}")
        self.out[self._rows : self._rows + len(patches)] = patches
        self._added += 1
        self._rows += len(patches)


def _size(limits: PixelLimits) -> dict[str, int]:
    return {"shortest_edge": limits.min_pixels, "longest_edge": limits.max_pixels}


def _channels_first(pixels: NDArray[np.uint8]) -> torch.Tensor:
    return torch.from_numpy(pixels).movedim(-1, -3)
