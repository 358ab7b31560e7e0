"""The shipped configurations: names, shapes and sizes of the released models, and nothing misspelt."""

from __future__ import annotations

import pathlib

import pytest
import torch

from model.architecture.configuration import LlavaOnevision1_5Config, config_from_yaml, is_moe
from model.checkpoints.hub import build_on_meta
from model.checkpoints.hub_layout import hub_tensors
from model.errors import ModelConfigError
from transforms.errors import EvenweaveError

CONFIGS = pathlib.Path(__file__).parents[3] / "configs" / "model"


def config(name: str) -> LlavaOnevision1_5Config:
    return config_from_yaml(str(CONFIGS / f"{name}.yaml"))


@pytest.mark.parametrize(
    ("name", "merger", "language", "head", "total"),
    [  # the released checkpoints' counts
        ("4b", 27_271_680, 4_022_468_096, 388_956_160, 4_741_610_528),
        ("8b", 33_564_672, 7_568_405_504, 622_329_856, 8_527_214_624),
        ("14b", 37_760_000, 13_990_394_880, 777_912_320, 15_108_981_792),
        ("30b-a3b", 25_174_016, None, 311_164_928, 30_860_211_232),
    ],
)
def test_parameter_counts(name: str, merger: int, language: int | None, head: int, total: int) -> None:
    model = build_on_meta(config(name), torch.bfloat16)

    def count(module: torch.nn.Module) -> int:
        return sum(parameter.numel() for parameter in module.parameters())

    assert count(model.model.visual.merger) == merger
    assert count(model.model.visual) - merger == 302_914_592
    assert language in (None, count(model.model.language_model))
    assert count(model.lm_head) == head
    assert count(model) == total


def released_shapes(hidden: int, ffn: int, heads: int, layers: int) -> dict[str, tuple[int, ...]]:
    """Names and shapes of the released files, written out."""
    norm = {"weight": (1024,), "bias": (1024,)}
    shapes: dict[str, tuple[int, ...]] = {
        "visual.class_embedding": (1024,),
        "visual.class_pos_emb": (1, 32),
        "visual.patch_embed.proj.weight": (1024, 3, 14, 14),
        "visual.merger.mlp.0.weight": (4096, 4096),
        "visual.merger.mlp.0.bias": (4096,),
        "visual.merger.mlp.2.weight": (hidden, 4096),
        "visual.merger.mlp.2.bias": (hidden,),
        "model.embed_tokens.weight": (151936, hidden),
        "model.norm.weight": (hidden,),
        "lm_head.weight": (151936, hidden),
    }
    for kind, shape in norm.items():
        shapes |= {f"visual.pre_layernorm.{kind}": shape, f"visual.merger.ln_q.{kind}": shape}
        for i in range(24):
            shapes |= {f"visual.blocks.{i}.norm1.{kind}": shape, f"visual.blocks.{i}.norm2.{kind}": shape}
    for i in range(24):
        matrices = {
            "attn.qkv": (3072, 1024),
            "attn.proj": (1024, 1024),
            "mlp.fc1": (4096, 1024),
            "mlp.fc2": (1024, 4096),
        }
        for part, (rows, columns) in matrices.items():
            shapes |= {f"visual.blocks.{i}.{part}.weight": (rows, columns), f"visual.blocks.{i}.{part}.bias": (rows,)}
    for i in range(layers):
        layer = f"model.layers.{i}"
        shapes |= {
            f"{layer}.input_layernorm.weight": (hidden,),
            f"{layer}.post_attention_layernorm.weight": (hidden,),
            f"{layer}.self_attn.q_proj.weight": (heads * 128, hidden),
            f"{layer}.self_attn.k_proj.weight": (1024, hidden),
            f"{layer}.self_attn.v_proj.weight": (1024, hidden),
            f"{layer}.self_attn.o_proj.weight": (hidden, heads * 128),
            f"{layer}.self_attn.q_norm.weight": (128,),
            f"{layer}.self_attn.k_norm.weight": (128,),
            f"{layer}.mlp.gate_proj.weight": (ffn, hidden),
            f"{layer}.mlp.up_proj.weight": (ffn, hidden),
            f"{layer}.mlp.down_proj.weight": (hidden, ffn),
        }
    return shapes


@pytest.mark.parametrize(("name", "hidden", "ffn"), [("4b", 2560, 9728), ("8b", 4096, 12288)])
def test_names_and_shapes(name: str, hidden: int, ffn: int) -> None:
    tensors = hub_tensors(build_on_meta(config(name)))
    assert {key: place.shape for key, place in tensors.items()} == released_shapes(hidden, ffn, 32, 36)
    assert len(tensors) == 698
    assert sum(key.startswith("visual.") for key in tensors) == 299


def test_experts_have_their_own_matrices_on_disk() -> None:
    tensors = hub_tensors(build_on_meta(config("30b-a3b")))
    assert tensors["model.layers.47.mlp.experts.127.up_proj.weight"].shape == (768, 2048)
    assert tensors["model.layers.0.mlp.experts.0.down_proj.weight"].shape == (2048, 768)
    assert tensors["model.layers.0.mlp.gate.weight"].shape == (128, 2048)
    assert not any("gate_up_proj" in key for key in tensors)


def test_defaults_are_the_4b_release() -> None:
    shipped, default = config("4b"), LlavaOnevision1_5Config()
    assert shipped.to_dict() == default.to_dict()
    assert default.text_config.rope_parameters["rope_theta"] == 5e6
    assert is_moe(config("30b-a3b")) and not is_moe(shipped)


def test_unused_top_level_vocabulary_is_not_trusted() -> None:
    assert (
        LlavaOnevision1_5Config.from_dict(LlavaOnevision1_5Config().to_dict() | {"vocab_size": 152064}).vocab_size
        == 151936
    )


@pytest.mark.parametrize("section", ["", "vision_config", "text_config"])
def test_unknown_keys_are_named(tmp_path: pathlib.Path, section: str) -> None:
    path = tmp_path / "model.yaml"
    path.write_text(f"{section}:\n  hiden_size: 5\n" if section else "hiden_size: 5\n")
    with pytest.raises(ModelConfigError, match=(section + "." if section else "") + "hiden_size"):
        config_from_yaml(str(path))


@pytest.mark.parametrize("content", ["- a list", "text_config: {hidden_size: wide}", "a: [", None])
def test_files_that_are_no_configuration(tmp_path: pathlib.Path, content: str | None) -> None:
    path = tmp_path / "model.yaml"
    if content is not None:
        path.write_text(content)
    with pytest.raises(EvenweaveError, match=r"model\.yaml"):
        config_from_yaml(str(path))
