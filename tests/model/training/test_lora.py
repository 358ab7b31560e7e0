"""LoRA: merged is applied, by our own code and by peft's; only adapters move."""

from __future__ import annotations

import pathlib
import re
import shutil

import pytest
import torch
from peft import PeftModel

from model.checkpoints.adapters import load_adapter, merge_adapter
from model.checkpoints.hub import load_model
from model.errors import CheckpointError, TrainingError
from model.training.lora import add_adapters, initialise_adapters, peft_config
from model.training.settings import LoraSettings
from tests.model.architecture.test_documents import packed
from tests.model.tiny import tiny_model
from tests.model.tiny_runs import lines_of, settings_of, train, weights_of, write_model, write_packs

LORA = {"rank": 4, "alpha": 8, "dropout": 0.1, "targets": ["q_proj", "v_proj", "down_proj"]}


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("start")
    return {"model": write_model(folder / "model"), "packs": write_packs(folder, tars=1)}


@pytest.fixture(scope="module")
def output(start: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    folder = tmp_path_factory.mktemp("lora")
    rates = {"vision": None, "merger": None, "language": 1e-2}
    train(settings_of(start, folder, steps=8, lora=LORA, optimizer__learning_rates=rates))
    return folder


def test_training_lowers_the_loss_by_the_adapters_alone(start: dict[str, str], output: pathlib.Path) -> None:
    lines = lines_of(output)
    assert lines[-1]["loss"] < lines[0]["loss"] - 0.05
    before, after = load_model(start["model"]).state_dict(), load_model(str(output / "model")).state_dict()
    moved = {name for name in before if not torch.equal(before[name], after[name])}
    assert len(moved) == 2 * len(LORA["targets"])  # type: ignore[arg-type]  # two layers
    assert all(any(target in name for target in LORA["targets"]) for name in moved)  # type: ignore[attr-defined]


def test_dropout_goes_on_exactly_with_other_workers(start: dict[str, str], tmp_path: pathlib.Path) -> None:
    """What it draws after a stop is what it would have drawn, however the packs are read."""
    rates = {"vision": None, "merger": None, "language": 1e-2}
    changes = {"lora": LORA, "optimizer__learning_rates": rates, "checkpoint__every_steps": 2}
    train(settings_of(start, tmp_path, steps=4, **changes))
    expected, losses = weights_of(tmp_path), [line["loss"] for line in lines_of(tmp_path)]
    shutil.rmtree(tmp_path / "model")
    shutil.rmtree(tmp_path / "checkpoints" / "step-00000004")
    train(settings_of(start, tmp_path, steps=4, data__workers=1, **changes))
    assert [line["loss"] for line in lines_of(tmp_path)] == losses
    found = weights_of(tmp_path)
    assert all(torch.equal(expected[name], found[name]) for name in expected)


@torch.no_grad()
def test_merged_is_applied_and_peft_reads_the_adapter(start: dict[str, str], output: pathlib.Path) -> None:
    batch = packed()
    batch["input_ids"] = batch["input_ids"].clone().clamp_(max=289)
    del batch["pixel_values"], batch["image_grid_thw"]
    merged = load_model(str(output / "model"))(**batch).logits
    applied = load_model(start["model"])
    plain = applied(**batch).logits
    load_adapter(applied, str(output / "adapter"))
    torch.testing.assert_close(applied.eval()(**batch).logits, merged, atol=1e-5, rtol=1e-4)
    merge_adapter(applied)
    torch.testing.assert_close(applied(**batch).logits, merged, atol=1e-6, rtol=1e-5)
    theirs = PeftModel.from_pretrained(load_model(start["model"]), str(output / "adapter")).eval()
    torch.testing.assert_close(theirs(**batch).logits, merged, atol=1e-5, rtol=1e-4)
    assert (plain - merged).abs().max() > 1e-3


@torch.no_grad()
@pytest.mark.parametrize(("rank", "alpha"), [(2, 8), (4, 2)])
def test_merged_is_the_product_by_alpha_over_rank(rank: int, alpha: float) -> None:
    model = tiny_model()
    before = {name: parameter.clone() for name, parameter in model.named_parameters()}
    add_adapters(model, LoraSettings(rank=rank, alpha=alpha, targets=["q_proj", "down_proj"]))
    initialise_adapters(model, 0)
    pairs = {}
    for name, parameter in model.named_parameters():
        if ".lora_B." in name:
            parameter.normal_(generator=torch.Generator().manual_seed(7))
        if ".lora_" in name:
            assert min(parameter.shape) == rank
            pairs[name] = parameter.clone()
    merge_adapter(model)
    after = dict(model.named_parameters())
    assert after.keys() == before.keys()
    for name, weight in before.items():
        base = name.removesuffix(".weight")
        if name.split(".")[-2] in ("q_proj", "down_proj"):
            product = pairs[f"{base}.lora_B.default.weight"] @ pairs[f"{base}.lora_A.default.weight"]
            torch.testing.assert_close(after[name] - weight, alpha / rank * product, atol=1e-5, rtol=1e-4)
            assert product.abs().max() > 0.01
        else:
            assert torch.equal(after[name], weight)


def test_adapters_begin_by_their_seed_and_change_nothing_at_first() -> None:
    def adapters(seed: int) -> dict[str, torch.Tensor]:
        model = tiny_model()
        add_adapters(model, LoraSettings(rank=4, alpha=8, targets=["q_proj"]))
        for name, parameter in model.named_parameters():
            if ".lora_" in name:
                torch.nn.init.constant_(parameter, 9.0)
        initialise_adapters(model, seed)
        return {name: parameter.detach() for name, parameter in model.named_parameters() if ".lora_" in name}

    one, again, other = adapters(0), adapters(0), adapters(1)
    assert len(one) == 4  # A and B in two layers
    for name in one:
        assert torch.equal(one[name], again[name])
        if ".lora_B." in name:
            assert not one[name].any() and not other[name].any()
        else:
            assert not torch.equal(one[name], other[name])
            bound = one[name].shape[1] ** -0.5  # Kaiming's for a slope of sqrt 5: sqrt(6 / (1 + 5) / inputs)
            assert 0.95 * bound < one[name].abs().max() <= bound
    first, second = (one[name] for name in one if ".lora_A." in name)
    assert not torch.equal(first, second)


def test_peft_is_told_of_the_language_model_alone() -> None:
    config = peft_config(LoraSettings(rank=4, alpha=6, dropout=0.25, targets=["q_proj", "up.proj"]))
    assert (config.r, config.lora_alpha, config.lora_dropout, config.task_type) == (4, 6, 0.25, "CAUSAL_LM")
    assert isinstance(config.target_modules, str)
    for name, fits in (
        ("model.language_model.layers.0.self_attn.q_proj", True),
        ("model.visual.blocks.0.attn.q_proj", False),
        ("model.language_model.layers.0.mlp.up-proj", False),
        ("model.language_model.layers.0.mlp.up.proj", True),
    ):
        assert bool(re.fullmatch(config.target_modules, name)) == fits


def test_what_does_not_fit() -> None:
    with pytest.raises(TrainingError, match="the language model has no w1, only"):
        add_adapters(tiny_model(), LoraSettings(rank=2, alpha=4, targets=["q_proj", "w1"]))


def test_an_adapter_of_another_model(output: pathlib.Path, tmp_path: pathlib.Path) -> None:
    with pytest.raises(CheckpointError, match="no adapter can be read"):
        load_adapter(tiny_model(), str(tmp_path))
    damaged = tmp_path / "damaged"
    shutil.copytree(output / "adapter", damaged)
    for file in ("adapter_model.safetensors", "adapter_config.json"):
        (damaged / file).write_bytes((damaged / file).read_bytes()[:50])
        with pytest.raises(CheckpointError, match="no adapter can be read at"):
            load_adapter(tiny_model(), str(damaged))
    with pytest.raises(CheckpointError, match="was made for another model"):
        load_adapter(tiny_model(moe=True), str(output / "adapter"))
