"""The vision tower against MLCD, its ancestor in transformers, and against itself image by image."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import MLCDVisionConfig, MLCDVisionModel
from transformers.vision_utils import get_vision_cu_seqlens, get_vision_position_ids

from model.architecture.configuration import RiceConfig
from model.architecture.rice import RicePretrainedModel
from model.architecture.vision_layout import VisionLayout
from model.checkpoints.merge import _tower_names
from model.errors import BatchError
from tests.model.tiny import RICE, pixels, tiny_rice_config

GRID = [[1, 4, 6], [1, 2, 2], [1, 8, 4], [1, 2, 10], [1, 6, 6]]


@pytest.fixture(scope="module")
def tower() -> RicePretrainedModel:
    torch.manual_seed(0)
    tower = RicePretrainedModel(tiny_rice_config()).eval()
    with torch.no_grad():
        for parameter in tower.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
    return tower


def test_equals_mlcd_through_the_key_map() -> None:
    """Square images of one size, all that MLCD takes, two in a call."""
    side = 6
    config = MLCDVisionConfig(
        hidden_size=64, intermediate_size=96, num_hidden_layers=2, num_attention_heads=4,
        image_size=14 * side, patch_size=14,
    )  # fmt: skip
    torch.manual_seed(1)
    mlcd = MLCDVisionModel(config).eval()
    with torch.no_grad():
        for parameter in mlcd.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
    theirs = mlcd.state_dict()
    tower = RicePretrainedModel(tiny_rice_config()).eval()
    weights = {
        name: torch.cat([theirs[key] for key in _tower_names("visual." + name)])
        for name in tower.state_dict()
        if not name.startswith("merger.")
    }
    assert not tower.load_state_dict(weights, strict=False).unexpected_keys
    images = torch.randn(2, 3, 14 * side, 14 * side)
    blocks = images.view(2, 3, side // 2, 2, 14, side // 2, 2, 14).permute(0, 2, 5, 3, 6, 1, 4, 7)
    with torch.no_grad():
        ours = tower(blocks.reshape(-1, 588), torch.tensor([[1, side, side]] * 2)).last_hidden_state
        expected = mlcd(images).last_hidden_state[:, 1:]
    expected = expected.view(2, side // 2, 2, side // 2, 2, 64).transpose(2, 3).reshape(-1, 64)
    torch.testing.assert_close(ours, expected, atol=1e-5, rtol=0)
    assert expected.std() > 0.1


@torch.no_grad()
@pytest.mark.parametrize("implementation", ["sdpa", "eager"])
def test_attention_that_knows_no_segments_is_never_taken(tower: RicePretrainedModel, implementation: str) -> None:
    other = RicePretrainedModel._from_config(tiny_rice_config(), attn_implementation=implementation).eval()
    other.load_state_dict(tower.state_dict())
    batch = pixels(GRID)
    expected = tower(batch["pixel_values"], batch["image_grid_thw"]).pooler_output
    assert torch.equal(other(batch["pixel_values"], batch["image_grid_thw"]).pooler_output, expected)


def test_every_norm_has_the_eps_of_the_configuration() -> None:
    tower = RicePretrainedModel(RiceConfig(**RICE, layer_norm_eps=0.125))
    norms = [module for module in tower.modules() if isinstance(module, torch.nn.LayerNorm)]
    assert len(norms) == 2 + 2 * RICE["depth"] and {norm.eps for norm in norms} == {0.125}


def test_the_class_token_begins_as_in_mlcd() -> None:
    """By the widths of what it is added to and of its angles; 256 and more numbers show the spread to 5 %."""
    torch.manual_seed(0)
    tower = RicePretrainedModel(
        RiceConfig(**{**RICE, "embed_dim": 512, "hidden_size": 512, "num_heads": 1, "depth": 1})
    )
    assert not tower.is_gradient_checkpointing
    assert tower.class_embedding.std().item() == pytest.approx(512**-0.5, rel=0.15)
    assert tower.class_pos_emb.std().item() == pytest.approx(256**-0.5, rel=0.15)
    assert tower.blocks[0].attn.qkv.weight.std().item() == pytest.approx(tower.config.initializer_range, rel=0.05)


@torch.no_grad()
def test_several_images_are_each_alone(tower: RicePretrainedModel) -> None:
    batch = pixels(GRID)
    together = tower(batch["pixel_values"], batch["image_grid_thw"])
    start = 0
    for size in GRID:
        count = size[0] * size[1] * size[2]
        alone = tower(batch["pixel_values"][start : start + count], torch.tensor([size]))
        for name, rows in (("last_hidden_state", 1), ("pooler_output", 4)):
            part = together[name][start // rows : (start + count) // rows]
            torch.testing.assert_close(part, alone[name], atol=2e-5, rtol=0)
        start += count
    assert start == len(batch["pixel_values"])


@torch.no_grad()
def test_a_video_is_its_frames(tower: RicePretrainedModel) -> None:
    batch = pixels([[3, 4, 6], [2, 2, 2]])
    video = tower(batch["pixel_values"], batch["image_grid_thw"]).pooler_output
    frames = tower(batch["pixel_values"], torch.tensor([[1, 4, 6]] * 3 + [[1, 2, 2]] * 2)).pooler_output
    assert torch.equal(video, frames)


@torch.no_grad()
def test_class_tokens_of_many_images_are_stripped_where_they_stand(tower: RicePretrainedModel) -> None:
    """With pre-insertion offsets, image k would lose its last k patches: equal images would come out unequal."""
    one = pixels([[1, 4, 4]])["pixel_values"]
    outputs = tower(one.repeat(40, 1), torch.tensor([[1, 4, 4]] * 40)).last_hidden_state.view(40, 16, -1)
    torch.testing.assert_close(outputs, outputs[:1].expand(40, -1, -1), atol=1e-6, rtol=0)
    layout = VisionLayout.of(torch.tensor(GRID), 116, 2, torch.device("cpu"))
    assert sorted(layout.patch_rows.tolist() + layout.class_rows.tolist()) == list(range(116 + len(GRID)))


def test_every_weight_learns_class_angles_included(tower: RicePretrainedModel) -> None:
    batch = pixels(GRID)
    tower.zero_grad()
    tower(batch["pixel_values"], batch["image_grid_thw"]).pooler_output.square().sum().backward()
    for name, parameter in tower.named_parameters():
        assert parameter.grad is not None and parameter.grad.abs().sum() > 0, name


@torch.no_grad()
def test_positions_matter(tower: RicePretrainedModel) -> None:
    batch = pixels([[1, 4, 6]])
    wide = tower(batch["pixel_values"], torch.tensor([[1, 4, 6]])).pooler_output
    tall = tower(batch["pixel_values"], torch.tensor([[1, 6, 4]])).pooler_output
    assert (wide - tall).abs().max() > 1e-3


sizes = st.tuples(st.integers(1, 4), st.integers(1, 6).map(lambda n: 2 * n), st.integers(1, 6).map(lambda n: 2 * n))


@given(st.lists(sizes, min_size=1, max_size=8))
@settings(max_examples=60, deadline=None)
def test_layout_equals_transformers_loops(grid: list[tuple[int, int, int]]) -> None:
    table = torch.tensor(grid)
    layout = VisionLayout.of(table, int(table.prod(1).sum()), 2, torch.device("cpu"))
    assert torch.equal(layout.positions.long(), get_vision_position_ids(table, 2))
    without_class = get_vision_cu_seqlens(table)
    assert torch.equal(
        layout.segments["cu_seq_lens_q"], without_class + torch.arange(len(without_class), dtype=torch.int32)
    )
    assert torch.equal(layout.class_rows, layout.segments["cu_seq_lens_q"][:-1].long())
    assert layout.segments["max_length_q"] == max(h * w for _, h, w in grid) + 1


@pytest.mark.parametrize(
    ("grid", "patches", "message"),
    [
        ([[1, 4, 4]], 12, "12 patches.*holds 16"),
        ([[1, 3, 4]], 12, "multiples of 2"),
        ([[0, 4, 4]], 0, "multiples of 2"),
        ([[4, 4]], 16, "frames, rows, columns"),
    ],
)
def test_grids_that_disagree_with_the_pixels(
    tower: RicePretrainedModel, grid: list[list[int]], patches: int, message: str
) -> None:
    with pytest.raises(BatchError, match=message):
        tower(torch.zeros(patches, 588), torch.tensor(grid))
