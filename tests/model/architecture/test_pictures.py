"""Features in the place of their placeholders, and nowhere else."""

from __future__ import annotations

import types

import pytest
import torch

from model.architecture.pictures import encoded_features, insert_features, join_pixels
from model.errors import BatchError


def test_kinds_are_joined_and_counted() -> None:
    images, videos = torch.zeros(8, 588), torch.ones(4, 588)
    image_grid, video_grid = torch.tensor([[1, 2, 4]]), torch.tensor([[1, 2, 2]])
    joined = join_pixels(images, image_grid, videos, video_grid)
    assert joined is not None
    pixels, grid, num_patches = joined
    assert torch.equal(pixels, torch.cat([images, videos])) and num_patches == [8, 4]
    assert grid.tolist() == [[1, 2, 4], [1, 2, 2]]
    alone = join_pixels(None, None, videos, video_grid)
    assert alone is not None and torch.equal(alone[0], videos) and alone[2] == [0, 4]
    assert join_pixels(None, None, None, None) is None


def test_what_was_not_encoded_beforehand_has_no_tokens() -> None:
    like = torch.empty(2, 3, 5)
    image = types.SimpleNamespace(pooler_output=(torch.ones(4, 5), torch.zeros(2, 5)))
    features = encoded_features({"image": image}, like)
    assert [part.shape for part in features] == [(6, 5), (0, 5)]
    assert features[0].sum() == 20


@pytest.mark.parametrize("never_wait", [False, True])
def test_features_stand_at_their_placeholders(never_wait: bool) -> None:
    """On a CPU nothing is waited for in any case: the error says by how much they disagree."""
    placeholders = torch.tensor([[[1, 0, 0, 1]], [[0, 0, 1, 0]]], dtype=torch.bool)
    features = [torch.tensor([[1.0], [2.0]]), torch.tensor([[3.0]])]
    found = insert_features(torch.zeros(1, 4, 1), placeholders, features, never_wait)
    assert found.flatten().tolist() == [1, 0, 3, 2]
    with pytest.raises(BatchError, match="1 video placeholder tokens for 0 video features"):
        insert_features(torch.zeros(1, 4, 1), placeholders, [features[0], torch.empty(0, 1)], never_wait)
