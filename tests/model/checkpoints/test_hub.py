"""Both layouts of names, bit-exact both ways, through our reader and transformers'; and folders that do not fit."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Iterator
from typing import Any

import pytest
import torch
import torch.distributed as dist
from safetensors.torch import load_file, save_file
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import DTensor
from torch.testing._internal.distributed.fake_pg import FakeStore
from transformers import AutoConfig, AutoModel, AutoModelForCausalLM, AutoModelForImageTextToText

from model.architecture.modeling import LlavaOnevision1_5ForConditionalGeneration, LlavaOnevision1_5Model
from model.architecture.rice import RicePretrainedModel
from model.checkpoints.hub import allocate, build_on_meta, export_hub, load_config, load_model, load_weights
from model.checkpoints.weights import NewFolder
from model.errors import CheckpointError
from tests.model.tiny import document, tiny_model


@pytest.fixture(scope="module", params=[False, True], ids=["dense", "experts"])
def saved(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[LlavaOnevision1_5ForConditionalGeneration, pathlib.Path]:
    """A model, and its export in several files."""
    model = tiny_model(moe=request.param)
    folder = tmp_path_factory.mktemp("checkpoint") / "hub"
    export_hub(model, str(folder), file_bytes=60_000)
    return model, folder


def assert_same(found: torch.nn.Module, expected: torch.nn.Module) -> None:
    ours, theirs = found.state_dict(), expected.state_dict()
    assert ours.keys() == theirs.keys()
    for name, tensor in ours.items():
        assert tensor.dtype == theirs[name].dtype and torch.equal(tensor, theirs[name]), name


def tensors(folder: pathlib.Path) -> dict[str, torch.Tensor]:
    return {name: tensor for path in folder.glob("*.safetensors") for name, tensor in load_file(path).items()}


def test_round_trip_is_exact_to_the_bit(saved: Any, tmp_path: pathlib.Path) -> None:
    model, folder = saved
    loaded = load_model(str(folder))
    assert_same(loaded, model)
    with torch.no_grad():
        one = document(8, [[1, 4, 4]], seed=0)
        assert torch.equal(loaded(**one).logits, model(**one).logits)
    export_hub(loaded, str(tmp_path / "again"), file_bytes=60_000)
    files = sorted(path.name for path in folder.iterdir())
    assert sorted(path.name for path in (tmp_path / "again").iterdir()) == files and len(files) > 5
    for name in files:
        assert (tmp_path / "again" / name).read_bytes() == (folder / name).read_bytes(), name


def test_names_on_disk_are_those_of_the_release(saved: Any) -> None:
    model, folder = saved
    names = set(tensors(folder))
    assert {name.split(".")[0] for name in names} == {"visual", "model", "lm_head"}
    assert not any("language_model" in name or "gate_up_proj" in name for name in names)
    assert sum(tensor.numel() for tensor in tensors(folder).values()) == sum(p.numel() for p in model.parameters())
    index = json.loads((folder / "model.safetensors.index.json").read_text())
    assert index["weight_map"].keys() == names
    assert index["metadata"]["total_size"] == sum(tensor.nbytes for tensor in tensors(folder).values())


def test_config_is_the_released_codes(saved: Any) -> None:
    """What the code of transformers 4 looks for, in the places where it looks."""
    _, folder = saved
    values = json.loads((folder / "config.json").read_text())
    assert values["architectures"] == ["LLaVAOneVision1_5_ForConditionalGeneration"]
    assert values["model_type"] == "llavaonevision1_5" and values["vision_config"]["model_type"] == "rice_vit"
    assert values["text_config"]["rope_theta"] == 1e6 and values["text_config"]["rope_scaling"] is None
    assert "rope_parameters" not in values["text_config"]
    assert ("num_experts" in values["text_config"]) == (values["text_config"]["model_type"] == "qwen3_moe")
    assert values["torch_dtype"] == "float32" and values["vocab_size"] == values["text_config"]["vocab_size"]
    assert values["vision_config"]["text_hidden_size"] == values["text_config"]["hidden_size"]
    config = load_config(str(folder))
    assert config.text_config.rope_parameters == {"rope_theta": 1e6, "rope_type": "default"}
    assert type(AutoConfig.from_pretrained(folder)) is type(config)


def test_transformers_loads_and_saves_it_without_remote_code(saved: Any, tmp_path: pathlib.Path) -> None:
    model, folder = saved
    loaded, report = AutoModelForImageTextToText.from_pretrained(folder, output_loading_info=True)
    assert type(loaded) is LlavaOnevision1_5ForConditionalGeneration
    assert not any(report.values())
    assert_same(loaded, model)
    assert type(AutoModelForCausalLM.from_pretrained(folder)) is type(loaded), "by which the release is loaded"
    loaded.save_pretrained(tmp_path / "hub")  # reverses the renaming
    assert tensors(tmp_path / "hub").keys() == tensors(folder).keys()
    loaded.save_pretrained(tmp_path / "memory", save_original_format=False)
    assert any(name.startswith("model.language_model.") for name in tensors(tmp_path / "memory"))
    for layout in ("hub", "memory"):
        assert_same(load_model(str(tmp_path / layout)), model)
        assert_same(AutoModelForImageTextToText.from_pretrained(tmp_path / layout), model)


def test_auto_model_loads_the_model_without_head(saved: Any, tmp_path: pathlib.Path) -> None:
    model, folder = saved
    loaded, report = AutoModel.from_pretrained(folder, output_loading_info=True)
    assert type(loaded) is LlavaOnevision1_5Model
    assert not report["missing_keys"] and set(report["unexpected_keys"]) <= {"lm_head.weight"}
    assert_same(loaded, model.model)
    loaded.save_pretrained(tmp_path / "headless")
    assert_same(AutoModel.from_pretrained(tmp_path / "headless"), model.model)


def test_loading_leaves_nothing_random(saved: Any, tmp_path: pathlib.Path) -> None:
    """Where transformers warns, and draws what it did not find."""
    model, folder = saved
    model.model.save_pretrained(tmp_path / "headless")
    with pytest.raises(CheckpointError, match=r"headless lacks 1 of the weights .*random: lm_head\.weight\."):
        AutoModelForImageTextToText.from_pretrained(tmp_path / "headless")
    with pytest.raises(CheckpointError, match=r"of RicePretrainedModel, which would be left random: .* and \d+ more"):
        RicePretrainedModel.from_pretrained(folder)
    path = rewritten(folder, tmp_path / "torn", lambda w: w.pop("visual.blocks.1.attn.qkv.bias"))
    for auto in (AutoModel, AutoModelForImageTextToText):
        with pytest.raises(CheckpointError, match=r"lacks 1 of .*visual\.blocks\.1\.attn\.qkv\.bias"):
            auto.from_pretrained(path)
    model.model.visual.save_pretrained(tmp_path / "tower")
    assert_same(RicePretrainedModel.from_pretrained(tmp_path / "tower"), model.model.visual)


def test_another_precision(saved: Any, tmp_path: pathlib.Path) -> None:
    model, folder = saved
    half = load_model(str(folder), torch.bfloat16)
    assert {p.dtype for p in half.parameters()} == {torch.bfloat16}
    export_hub(model, str(tmp_path / "half"), dtype=torch.bfloat16)
    assert_same(load_model(str(tmp_path / "half")), half)
    assert json.loads((tmp_path / "half/config.json").read_text())["torch_dtype"] == "bfloat16"


def test_heads_that_are_tied(tmp_path: pathlib.Path) -> None:
    """A tied model writes no head and reads none; a head that a file holds is used, whatever its config says."""
    tied = tiny_model(tie_word_embeddings=True)
    export_hub(tied, str(tmp_path / "tied"))
    assert "lm_head.weight" not in tensors(tmp_path / "tied")
    loaded = load_model(str(tmp_path / "tied"))
    assert loaded.lm_head.weight is loaded.model.language_model.embed_tokens.weight
    assert_same(loaded, tied)
    assert_same(AutoModelForImageTextToText.from_pretrained(tmp_path / "tied"), tied)
    untied = tiny_model()
    export_hub(untied, str(tmp_path / "untied"))
    path = tmp_path / "untied/config.json"
    values = json.loads(path.read_text())
    values["text_config"]["tie_word_embeddings"] = True
    path.write_text(json.dumps(values))
    assert_same(load_model(str(tmp_path / "untied")), untied)


@pytest.fixture(params=[(0, 2), (2, 3)], ids=["first of 2", "last of 3"])
def rank(request: pytest.FixtureRequest) -> Iterator[tuple[int, int]]:
    """One of several processes, of which the others are only pretended."""
    dist.init_process_group("fake", rank=request.param[0], world_size=request.param[1], store=FakeStore())
    yield request.param
    dist.destroy_process_group()


def test_a_rank_reads_its_own_rows(saved: Any, rank: tuple[int, int]) -> None:
    model, folder = saved
    mesh = torch.distributed.init_device_mesh("cpu", (rank[1],))
    sharded = build_on_meta(load_config(str(folder)), torch.float32)
    for layer in sharded.model.language_model.layers:
        fully_shard(layer, mesh=mesh)
    fully_shard(sharded, mesh=mesh)
    allocate(sharded)
    load_weights(sharded, str(folder))
    whole = dict(model.named_parameters())
    for name, parameter in sharded.named_parameters():
        assert isinstance(parameter, DTensor)
        chunks = whole[name].chunk(rank[1])
        expected = chunks[rank[0]] if rank[0] < len(chunks) else whole[name][:0]
        assert torch.equal(parameter.to_local(), expected), name
    assert torch.equal(sharded.model.language_model.rotary_emb.inv_freq, model.model.language_model.rotary_emb.inv_freq)


def rewritten(folder: pathlib.Path, target: pathlib.Path, change: Any) -> str:
    """A copy of a checkpoint in one file, after ``change`` of its tensors."""
    target.mkdir()
    weights = tensors(folder)
    change(weights)
    save_file(weights, target / "model.safetensors")
    (target / "config.json").write_bytes((folder / "config.json").read_bytes())
    return str(target)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda w: w.pop("visual.blocks.1.attn.qkv.bias"), r"1 missing: visual\.blocks\.1\.attn\.qkv\.bias"),
        (lambda w: w.update({"model.layers.0.odd": torch.zeros(2)}), r"1 extra: model\.layers\.0\.odd"),
        (
            lambda w: w.update({"visual.merger.mlp.2.weight": torch.zeros(40, 256)}),
            r"1 of another shape: visual\.merger\.mlp\.2\.weight \(40, 256\), the model's \(32, 256\)",
        ),
        (lambda w: [w.pop(name) for name in list(w) if name.startswith("visual.")], r"35 missing: .* and 27 more"),
    ],
)
def test_weights_that_do_not_fit(saved: Any, tmp_path: pathlib.Path, change: Any, message: str) -> None:
    path = rewritten(saved[1], tmp_path / "changed", change)
    with pytest.raises(CheckpointError, match=message):
        load_model(path)


def test_folders_that_are_no_checkpoint(saved: Any, tmp_path: pathlib.Path) -> None:
    _, folder = saved
    with pytest.raises(CheckpointError, match=r"cannot read .*config\.json"):
        load_model(str(tmp_path / "nowhere"))
    path = pathlib.Path(rewritten(folder, tmp_path / "copy", lambda _: None))
    content = (path / "model.safetensors").read_bytes()
    (path / "generation_config.json").write_text("{")
    with pytest.raises(CheckpointError, match=r"cannot read .*generation_config\.json"):
        load_model(str(path))
    (path / "model.safetensors").write_bytes(content[: len(content) // 2])
    with pytest.raises(CheckpointError, match=r"model\.safetensors cannot be read"):
        load_model(str(path))
    (path / "model.safetensors").unlink()
    with pytest.raises(CheckpointError, match="no weights at"):
        load_model(str(path))
    (path / "config.json").write_text('{"model_type": "qwen3"}')
    with pytest.raises(CheckpointError, match="'qwen3', not 'llavaonevision1_5'"):
        load_model(str(path))


def test_a_failed_export_leaves_nothing_and_harms_nothing(saved: Any, tmp_path: pathlib.Path) -> None:
    model, _ = saved
    target = tmp_path / "target"
    with pytest.raises(CheckpointError, match="No space left"), NewFolder(str(target)) as partial:
        (pathlib.Path(partial) / "half").write_text("written")
        raise OSError(28, "No space left on device")
    assert not list(tmp_path.iterdir())
    export_hub(model, str(target))
    before = {path.name: path.read_bytes() for path in target.iterdir()}
    with pytest.raises(CheckpointError, match="is not empty"):
        export_hub(model, str(target))
    assert {path.name: path.read_bytes() for path in target.iterdir()} == before
