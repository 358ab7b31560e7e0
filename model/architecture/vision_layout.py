"""Where every patch of a batch stands: in the flat sequence with class tokens, and in its image.

All of it is index arithmetic on the table of grids, without a loop over images. It runs on the host, where the table is
small and usually already is, and goes to the device in one step before the first layer.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from model.architecture.attention import Segments, segments_of
from model.errors import BatchError


@dataclass(frozen=True)
class VisionLayout:
    """N patches in S segments (images and frames), each segment led by a class token: T = N + S tokens.

    patch_rows (N,) and class_rows (S,): their rows in the sequence of T. positions (N, 2): row and column in the image,
    in patches; float32, to be multiplied by frequencies.
    """

    num_tokens: int
    patch_rows: torch.Tensor
    class_rows: torch.Tensor
    positions: torch.Tensor
    segments: Segments

    @classmethod
    def of(cls, grid_thw: torch.Tensor, num_patches: int, merge_size: int, device: torch.device) -> VisionLayout:
        """Lay out images of ``grid_thw`` (images, 3): frames, rows and columns of patches.

        Patches come in merge blocks (m×m patches, row by row), blocks row by row, frame after frame. Raises BatchError
        unless the grids hold exactly ``num_patches`` and their sides divide into blocks.
        """
        grid = grid_thw.to("cpu", torch.long)
        if grid.ndim != 2 or grid.shape[1] != 3 or bool((grid < 1).any() | (grid[:, 1:] % merge_size).any()):
            raise BatchError(
                "grid_thw must hold (frames, rows, columns), "
                f"rows and columns multiples of {merge_size}: {grid.tolist()}"
            )
        if int(grid.prod(1).sum()) != num_patches:
            raise BatchError(
                f"pixel_values has {num_patches} patches, grid_thw {grid.tolist()} holds {int(grid.prod(1).sum())}"
            )
        frames = grid[:, 1:].repeat_interleave(grid[:, 0], dim=0)
        lengths = frames.prod(1)
        segment = torch.arange(len(frames)).repeat_interleave(lengths)
        starts = lengths.cumsum(0) - lengths
        patch = torch.arange(num_patches)
        positions = _block_positions(patch - starts[segment], frames[segment, 1], merge_size)
        return cls(
            num_tokens=num_patches + len(frames),
            patch_rows=(patch + segment + 1).to(device, non_blocking=True),
            class_rows=(starts + torch.arange(len(frames))).to(device, non_blocking=True),
            positions=positions.float().to(device, non_blocking=True),
            segments=segments_of(lengths + 1, device),
        )


def _block_positions(order: torch.Tensor, columns: torch.Tensor, merge_size: int) -> torch.Tensor:
    """Row and column (N, 2) of the ``order``-th patch (N,) of a frame that is ``columns`` (N,) patches wide."""
    block, inner = order // merge_size**2, order % merge_size**2
    blocks_across = columns // merge_size
    row = block // blocks_across * merge_size + inner // merge_size
    column = block % blocks_across * merge_size + inner % merge_size
    return torch.stack((row, column), dim=1)
