"""Stage 0 from a tiny ViT and tiny language models, of the four shapes: each part keeps what it computed alone."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Callable
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import (
    AutoModelForCausalLM,
    AutoModelForImageTextToText,
    MLCDVisionModel,
)

from model.checkpoints.hub import load_model
from model.checkpoints.merge import merge, merged_config
from model.errors import CheckpointError, ModelConfigError
from tests.model.tiny import write_qwen3, write_rice

#: The four language models, scaled down: heads, widths and tying in their proportions.
SHAPES: dict[str, dict[str, Any]] = {
    "4b": {"hidden_size": 40, "intermediate_size": 96, "num_attention_heads": 4, "tie_word_embeddings": True},
    "8b": {"hidden_size": 64, "intermediate_size": 96, "num_attention_heads": 4},
    "14b": {"hidden_size": 80, "intermediate_size": 128, "num_attention_heads": 5, "num_key_value_heads": 1},
    "30b-a3b": {
        "hidden_size": 32, "intermediate_size": 96, "num_attention_heads": 4, "num_key_value_heads": 1,
        "num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 24, "norm_topk_prob": True,
    },
}  # fmt: skip
SIDE = 4


@pytest.fixture(scope="module")
def vision(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    return write_rice(tmp_path_factory.mktemp("vision"), SIDE)


@torch.no_grad()
@pytest.mark.parametrize("shape", SHAPES)
def test_merge_keeps_both_parts(vision: pathlib.Path, tmp_path: pathlib.Path, shape: str) -> None:
    text = write_qwen3(tmp_path / "text", **SHAPES[shape])
    merge(str(vision), str(text), str(tmp_path / "stage0"), file_bytes=200_000)
    files = [load_file(path) for path in (tmp_path / "stage0").glob("*.safetensors")]
    sizes = [sum(tensor.nbytes for tensor in tensors.values()) for tensors in files]
    assert len(files) > 1
    assert all(size <= 200_000 or len(tensors) == 1 for size, tensors in zip(sizes, files, strict=True))
    model = load_model(str(tmp_path / "stage0"))
    config = model.config
    assert config.vision_config.text_hidden_size == config.text_config.hidden_size == SHAPES[shape]["hidden_size"]
    assert not config.tie_word_embeddings and not config.text_config.tie_word_embeddings
    assert (config.image_token_id, config.video_token_id) == (510, 511)
    assert model.generation_config.eos_token_id == 506
    embeddings, head = model.get_input_embeddings().weight, model.lm_head.weight
    assert torch.equal(embeddings, head) == bool(SHAPES[shape].get("tie_word_embeddings"))
    assert embeddings.data_ptr() != head.data_ptr()

    input_ids = torch.randint(0, 500, (2, 9))
    expected = AutoModelForCausalLM.from_pretrained(text).eval()(input_ids).logits
    assert torch.equal(model(input_ids=input_ids).logits, expected)

    images = torch.randn(1, 3, 14 * SIDE, 14 * SIDE)
    blocks = images.view(3, SIDE // 2, 2, 14, SIDE // 2, 2, 14).permute(1, 4, 2, 5, 0, 3, 6).reshape(-1, 588)
    features = model.model.visual(blocks, torch.tensor([[1, SIDE, SIDE]])).last_hidden_state
    alone = MLCDVisionModel.from_pretrained(vision).eval()(images).last_hidden_state[0, 1:]
    alone = alone.view(SIDE // 2, 2, SIDE // 2, 2, 64).transpose(1, 2).reshape(-1, 64)
    torch.testing.assert_close(features, alone, atol=1e-5, rtol=0)
    merger = model.model.visual.merger
    assert merger(features).shape == (4, SHAPES[shape]["hidden_size"])
    assert 0.018 < merger.mlp[0].weight.std() < 0.022 and not merger.mlp[2].bias.any()

    generic = AutoModelForImageTextToText.from_pretrained(tmp_path / "stage0")
    assert torch.equal(generic.lm_head.weight, head) and torch.equal(generic.get_input_embeddings().weight, embeddings)


def test_merging_twice_gives_the_same_bytes(vision: pathlib.Path, tmp_path: pathlib.Path) -> None:
    text = write_qwen3(tmp_path / "text", **SHAPES["8b"])
    prefixed = tmp_path / "prefixed"  # the published ViT's names begin with the name of MLCD's base model
    prefixed.mkdir()
    (prefixed / "config.json").write_bytes((vision / "config.json").read_bytes())
    weights = load_file(vision / "model.safetensors")
    save_file({f"vision_model.{key}": tensor for key, tensor in weights.items()}, prefixed / "model.safetensors")
    for tower, name in ((vision, "one"), (prefixed, "two")):
        merge(str(tower), str(text), str(tmp_path / name), dtype=torch.bfloat16)
    files = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert "model.safetensors" in files and "preprocessor_config.json" in files
    for name in files:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes(), name
    model = load_model(str(tmp_path / "one"))
    assert {p.dtype for p in model.parameters()} == {torch.bfloat16}


def test_another_seed_is_another_merger_and_the_rest_the_same(vision: pathlib.Path, tmp_path: pathlib.Path) -> None:
    text = write_qwen3(tmp_path / "text", **SHAPES["8b"])
    found = []
    for seed in (0, 1):
        merge(str(vision), str(text), str(tmp_path / f"seed{seed}"), seed=seed)
        found.append(load_file(tmp_path / f"seed{seed}" / "model.safetensors"))
    matrices = ["visual.merger.mlp.0.weight", "visual.merger.mlp.2.weight"]
    assert {name for name in found[0] if not torch.equal(found[0][name], found[1][name])} == set(matrices)
    for seed, tensors in enumerate(found):
        for number, name in zip((0, 2), matrices, strict=True):
            generator = torch.Generator().manual_seed(seed + number)
            expected = torch.empty(tensors[name].shape).normal_(0, 0.02, generator=generator)
            assert torch.equal(tensors[name], expected)
        assert bool((tensors["visual.merger.ln_q.weight"] == 1).all())


@pytest.mark.parametrize("eps", [1e-3, 1e-6])
def test_the_tower_keeps_its_eps_and_its_activation(eps: float) -> None:
    tower = {
        "model_type": "mlcd_vision_model", "num_hidden_layers": 2, "hidden_size": 64, "intermediate_size": 96,
        "num_attention_heads": 4, "patch_size": 14,
    }  # fmt: skip
    text = {"model_type": "qwen3", "hidden_size": 32, "num_hidden_layers": 1, "rms_norm_eps": 10 * eps}
    config = merged_config({**tower, "layer_norm_eps": eps, "hidden_act": "quick_gelu"}, text)
    assert (config.vision_config.layer_norm_eps, config.vision_config.hidden_act) == (eps, "quick_gelu")
    assert config.text_config.rms_norm_eps == 10 * eps
    plain = merged_config({"vision_config": tower}, text).vision_config
    assert (plain.layer_norm_eps, plain.hidden_act) == (1e-5, "gelu")
    assert (plain.depth, plain.embed_dim, plain.hidden_size, plain.intermediate_size) == (2, 64, 64, 96)
    assert (plain.num_heads, plain.patch_size, plain.text_hidden_size) == (4, 14, 32)


@pytest.mark.parametrize(
    ("asked", "of_text", "expected"),
    [
        (torch.bfloat16, {"dtype": "float16"}, torch.bfloat16),
        (None, {"dtype": "float16", "torch_dtype": "bfloat16"}, torch.float16),
        (None, {"torch_dtype": "bfloat16"}, torch.bfloat16),
        (None, {}, torch.float32),
    ],
)
def test_the_precision_in_the_configuration(
    asked: torch.dtype | None, of_text: dict[str, str], expected: object
) -> None:
    tower = {"model_type": "rice_vit", "num_hidden_layers": 2, "hidden_size": 64, "intermediate_size": 96,
             "num_attention_heads": 4, "patch_size": 14}  # fmt: skip
    text = {"model_type": "qwen3", "hidden_size": 32, "num_hidden_layers": 1, **of_text}
    assert merged_config(tower, text, asked).dtype == expected


def change_config(folder: pathlib.Path, **changes: Any) -> None:
    values = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(values | changes))


def rewrite(folder: pathlib.Path, change: Callable[[dict[str, torch.Tensor]], Any]) -> None:
    weights = load_file(folder / "model.safetensors")
    change(weights)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("part", ["vision", "text"])
def test_weights_that_are_no_numbers(tmp_path: pathlib.Path, part: str, value: float) -> None:
    parts = {"vision": write_rice(tmp_path / "vision"), "text": write_qwen3(tmp_path / "text", **SHAPES["8b"])}
    name = {"vision": "encoder.layers.1.self_attn.k_proj.weight", "text": "model.norm.weight"}[part]
    rewrite(parts[part], lambda weights: weights[name].view(-1)[3:4].fill_(value))
    with pytest.raises(CheckpointError, match=rf"{name}.* in .*{part} holds NaN or infinite"):
        merge(str(parts["vision"]), str(parts["text"]), str(tmp_path / "stage0"))
    assert not list(tmp_path.glob("stage0*"))


@pytest.mark.parametrize(
    ("part", "changes", "example"),
    [
        ("vision", {"num_hidden_layers": 1}, r"encoder\.layers\.1\..*"),
        ("text", {"num_hidden_layers": 1, "layer_types": None}, r"model\.layers\.1\..*"),
        ("text", None, r"model\.layers\.0\.self_attn\.q_proj\.bias"),
    ],
)
def test_what_the_configuration_does_not_count_is_not_dropped(
    tmp_path: pathlib.Path, part: str, changes: dict[str, Any] | None, example: str
) -> None:
    parts = {"vision": write_rice(tmp_path / "vision"), "text": write_qwen3(tmp_path / "text", **SHAPES["8b"])}
    if changes is None:
        rewrite(parts[part], lambda w: w.update({"model.layers.0.self_attn.q_proj.bias": torch.zeros(64)}))
    else:
        change_config(parts[part], **changes)
    with pytest.raises(CheckpointError, match=rf"{part} holds \d+ tensors that .* does not count, {example} among"):
        merge(str(parts["vision"]), str(parts["text"]), str(tmp_path / "stage0"))
    assert not list(tmp_path.glob("stage0*"))


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"weight_map": []}', '{"weight_map": {"a": 1}}', "[" * 100_000])
def test_a_damaged_index_is_named(vision: pathlib.Path, tmp_path: pathlib.Path, content: str) -> None:
    text = write_qwen3(tmp_path / "text", **SHAPES["8b"])
    (text / "model.safetensors.index.json").write_text(content)
    with pytest.raises(CheckpointError, match=r"model\.safetensors\.index\.json"):
        merge(str(vision), str(text), str(tmp_path / "stage0"))


@pytest.mark.parametrize(
    ("part", "content"),
    [
        ("vision", "[1]"),
        ("vision", '{"vision_config": 3}'),
        ("vision", '{"model_type": 5}'),
        ("vision", '{"model_type": "mlcd", "hidden_size": 64}'),
        ("text", '{"model_type": "qwen3"}'),
        ("text", '{"model_type": "qwen3", "hidden_size": "wide"}'),
        ("text", '{"model_type": ["qwen3"]}'),
        ("text", '"qwen3"'),
        ("text", "\x00"),
    ],
)
def test_a_damaged_configuration_is_named(tmp_path: pathlib.Path, part: str, content: str) -> None:
    parts = {"vision": write_rice(tmp_path / "vision"), "text": write_qwen3(tmp_path / "text", **SHAPES["8b"])}
    (parts[part] / "config.json").write_text(content)
    with pytest.raises(CheckpointError, match=rf"{part}.*"):
        merge(str(parts["vision"]), str(parts["text"]), str(tmp_path / "stage0"))


@pytest.mark.parametrize("file", ["tokenizer.json", "tokenizer_config.json", "generation_config.json"])
def test_other_damaged_files_are_named(vision: pathlib.Path, tmp_path: pathlib.Path, file: str) -> None:
    text = write_qwen3(tmp_path / "text", **SHAPES["8b"])
    (text / file).write_text('{"')
    message = "generation_config" if file.startswith("gen") else "no tokenizer that can be read"
    with pytest.raises(CheckpointError, match=message):
        merge(str(vision), str(text), str(tmp_path / "stage0"))
    assert not list(tmp_path.glob("stage0*"))


def test_parts_of_another_kind(vision: pathlib.Path, tmp_path: pathlib.Path) -> None:
    text = write_qwen3(tmp_path / "text", **SHAPES["8b"])
    output = tmp_path / "stage0"
    with pytest.raises(CheckpointError, match="vision folder holds 'qwen3'"):
        merge(str(text), str(text), str(output))
    change_config(text, num_hidden_layers=3, layer_types=None)
    with pytest.raises(CheckpointError, match=r"has no model\.layers\.2\.self_attn\.q_proj\.weight"):
        merge(str(vision), str(text), str(output))
    change_config(text, num_hidden_layers=2, vocab_size=530)
    with pytest.raises(CheckpointError, match=r"would be \(520, 64\), the configurations make it \(530, 64\)"):
        merge(str(vision), str(text), str(output))
    change_config(text, hidden_act=7)
    with pytest.raises(ModelConfigError, match="hidden_act"):
        merge(str(vision), str(text), str(output))
    (text / "config.json").write_text('{"model_type": "llama"}')
    with pytest.raises(CheckpointError, match="text folder holds 'llama'"):
        merge(str(vision), str(text), str(output))
    assert not output.exists() and not output.with_suffix(".partial").exists()
