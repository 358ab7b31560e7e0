"""Features of images and videos put in the place of their placeholder tokens.

Shapes: B rows of S tokens, H width of the text model, N patches.
"""

from __future__ import annotations

from typing import Any

import torch

from model.errors import BatchError


def join_pixels(
    pixel_values: torch.Tensor | None,
    image_grid_thw: torch.Tensor | None,
    pixel_values_videos: torch.Tensor | None,
    video_grid_thw: torch.Tensor | None,
) -> tuple[torch.Tensor, torch.Tensor, list[int]] | None:
    """Images, then videos, as one batch for the tower: pixels (N, 588), grids (pictures, 3), and N of each kind.

    One call serves both kinds, so that ranks which share the tower's weights call it equally often. None without
    pictures.
    """
    kinds = ((pixel_values, image_grid_thw), (pixel_values_videos, video_grid_thw))
    if any((pixels is None) != (grid is None) for pixels, grid in kinds):
        raise BatchError("pixel_values goes with image_grid_thw, and pixel_values_videos with video_grid_thw")
    given = [(pixels, grid) for pixels, grid in kinds if pixels is not None and grid is not None]
    if not given:
        return None
    num_patches = [0 if pixels is None else len(pixels) for pixels, _ in kinds]
    return torch.cat([pixels for pixels, _ in given]), torch.cat([grid for _, grid in given]), num_patches


def encoded_features(mm_encoder_outputs: dict[str, Any], like: torch.Tensor) -> list[torch.Tensor]:
    """Image and video features (tokens, H) that ``generate`` encoded beforehand."""
    outputs = [mm_encoder_outputs.get(kind) for kind in ("image", "video")]
    return [
        like.new_empty(0, like.shape[-1]) if output is None else torch.cat(tuple(output.pooler_output))
        for output in outputs
    ]


def insert_features(
    inputs_embeds: torch.Tensor, placeholders: torch.Tensor, features: list[torch.Tensor], never_wait: bool
) -> torch.Tensor:
    """Embeddings (B, S, H) with image and video ``features``, each (tokens, H), at the ``placeholders`` (2, B, S).

    Raises BatchError unless there are as many placeholders as features. On CUDA with ``never_wait`` the device itself
    raises, so that training is not held up by reading a number back.
    """
    counts = placeholders.flatten(1).sum(1)
    num_features = [len(part) for part in features]
    if never_wait and counts.is_cuda:
        expected = torch.tensor(num_features).to(counts.device, non_blocking=True)
        torch._assert_async((counts == expected).all(), "image or video placeholders and features disagree in number")
    else:
        for kind, found, given in zip(("image", "video"), counts.tolist(), num_features, strict=True):
            if found != given:
                raise BatchError(
                    f"{found} {kind} placeholder tokens for {given} {kind} features: "
                    "each picture takes frames × rows × columns / 4 placeholders"
                )
    for mask, part in zip(placeholders, features, strict=True):
        if len(part):
            inputs_embeds = inputs_embeds.masked_scatter(mask[..., None], part.to(inputs_embeds.dtype))
    return inputs_embeds
