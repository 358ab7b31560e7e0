"""The joined model: its text part is Qwen3 to the bit, pictures stand where their placeholders do, and it generates."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from transformers import Qwen3Config, Qwen3ForCausalLM, Qwen3MoeConfig, Qwen3MoeForCausalLM

from model.architecture.configuration import LlavaOnevision1_5Config
from model.architecture.modeling import LlavaOnevision1_5ForConditionalGeneration
from model.errors import BatchError, ModelConfigError
from tests.model.tiny import EXPERTS, IMAGE, RICE, TEXT, VIDEO, document, pixels, tiny_model


@pytest.fixture(scope="module")
def model() -> LlavaOnevision1_5ForConditionalGeneration:
    model = tiny_model()
    # Random weights would now and then "say" a placeholder, for which there is no picture.
    model.generation_config.suppress_tokens = [IMAGE, VIDEO]
    return model


@torch.no_grad()
@pytest.mark.parametrize("moe", [False, True])
def test_text_is_qwen3_to_the_bit(moe: bool) -> None:
    ours = tiny_model(moe)
    theirs = (
        Qwen3MoeForCausalLM(Qwen3MoeConfig(**TEXT, **EXPERTS)) if moe else Qwen3ForCausalLM(Qwen3Config(**TEXT))
    ).eval()
    theirs.model.load_state_dict(ours.model.language_model.state_dict())
    theirs.lm_head.load_state_dict(ours.lm_head.state_dict())
    input_ids = torch.randint(0, 280, (3, 17))
    padded = torch.ones_like(input_ids)
    padded[1, :5] = 0
    for attention_mask in (None, padded):
        inputs = {"input_ids": input_ids, "attention_mask": attention_mask, "labels": input_ids}
        found, expected = ours(**inputs), theirs(**inputs)
        assert torch.equal(found.logits, expected.logits)
        assert torch.equal(found.loss, expected.loss)


@torch.no_grad()
def test_the_balance_of_experts_is_qwen3s() -> None:
    ours, theirs = tiny_model(moe=True), Qwen3MoeForCausalLM(Qwen3MoeConfig(**TEXT, **EXPERTS)).eval()
    theirs.model.load_state_dict(ours.model.language_model.state_dict())
    theirs.lm_head.load_state_dict(ours.lm_head.state_dict())
    input_ids = torch.randint(0, 280, (1, 17))
    plain = ours(input_ids=input_ids, labels=input_ids).loss
    ours.config.text_config.output_router_logits = True
    found = ours(input_ids=input_ids, labels=input_ids).loss
    assert torch.equal(found, theirs(input_ids, labels=input_ids, output_router_logits=True).loss)
    assert found > plain


@torch.no_grad()
def test_pictures_stand_in_order_of_their_placeholders(model: LlavaOnevision1_5ForConditionalGeneration) -> None:
    grid = [[1, 4, 4], [1, 2, 2], [1, 2, 6]]
    one = document(10, grid, seed=0)
    features = model.get_image_features(one["pixel_values"], one["image_grid_thw"]).pooler_output
    assert [len(part) for part in features] == [4, 1, 3]
    embeds = model.get_input_embeddings()(one["input_ids"])
    embeds[one["input_ids"] == IMAGE] = torch.cat(features)
    expected = model(inputs_embeds=embeds).logits
    torch.testing.assert_close(model(**_without(one, "labels")).logits, expected, atol=1e-5, rtol=0)


@torch.no_grad()
def test_images_and_a_video_in_one_batch(model: LlavaOnevision1_5ForConditionalGeneration) -> None:
    """The video's placeholders come first in the text, the image's pixels first in the tower."""
    image, video = pixels([[1, 2, 4]], seed=1), pixels([[3, 2, 2]], seed=2)
    input_ids = torch.tensor([[5, VIDEO, VIDEO, VIDEO, 6, 7, IMAGE, IMAGE, 8]])
    videos = {"pixel_values_videos": video["pixel_values"], "video_grid_thw": video["image_grid_thw"]}
    found = model(input_ids=input_ids, **image, **videos).logits
    embeds = model.get_input_embeddings()(input_ids)
    embeds[:, 1:4] = torch.cat(model.get_video_features(**videos).pooler_output)
    embeds[:, 6:8] = torch.cat(model.get_image_features(**image).pooler_output)
    torch.testing.assert_close(found, model(inputs_embeds=embeds).logits, atol=1e-5, rtol=0)


@torch.no_grad()
@pytest.mark.parametrize("moe", [False, True])
def test_greedy_generation_with_and_without_cache(moe: bool) -> None:
    model = tiny_model(moe)
    model.generation_config.suppress_tokens = [IMAGE, VIDEO]
    inputs = _without(document(8, [[1, 4, 4], [1, 2, 2]], seed=5), "labels")
    options: dict[str, Any] = {"max_new_tokens": 8, "do_sample": False}
    cached = model.generate(**inputs, **options)
    assert cached.shape[1] == inputs["input_ids"].shape[1] + 8
    assert torch.equal(cached, model.generate(**inputs, **options, use_cache=False))
    assert torch.equal(cached, model.generate(**inputs, **options, cache_implementation="static", disable_compile=True))
    step = model(**inputs, logits_to_keep=1).logits
    assert step.shape[1] == 1
    step[..., [IMAGE, VIDEO]] = -torch.inf
    assert step.argmax() == cached[0, inputs["input_ids"].shape[1]]


@torch.no_grad()
def test_prompts_of_unequal_length_generate_as_if_alone(model: LlavaOnevision1_5ForConditionalGeneration) -> None:
    prompts = [
        _without(document(length, grid, seed=6), "labels") for length, grid in ((9, [[1, 4, 4]]), (4, [[1, 2, 2]]))
    ]
    options: dict[str, Any] = {"max_new_tokens": 6, "do_sample": False}
    alone = [model.generate(**one, **options)[0, one["input_ids"].shape[1] :] for one in prompts]
    length = max(one["input_ids"].shape[1] for one in prompts)
    padding = [length - one["input_ids"].shape[1] for one in prompts]
    rows = [torch.nn.functional.pad(one["input_ids"][0], (pad, 0)) for one, pad in zip(prompts, padding, strict=True)]
    together = model.generate(
        input_ids=torch.stack(rows),
        attention_mask=torch.tensor([[0] * pad + [1] * (length - pad) for pad in padding]),
        pixel_values=torch.cat([one["pixel_values"] for one in prompts]),
        image_grid_thw=torch.cat([one["image_grid_thw"] for one in prompts]),
        **options,
    )  # fmt: skip
    assert torch.equal(together[:, length:], torch.stack(alone))


@torch.no_grad()
def test_beams_keep_their_pictures(model: LlavaOnevision1_5ForConditionalGeneration) -> None:
    rows = [_without(document(8, [[1, 2, 4], [1, 4, 2]], seed=seed), "labels") for seed in (7, 8)]
    options: dict[str, Any] = {"max_new_tokens": 4, "num_beams": 3, "num_return_sequences": 2, "do_sample": False}
    both = model.generate(**{key: torch.cat([row[key] for row in rows]) for key in rows[0]}, **options)
    assert torch.equal(both, torch.cat([model.generate(**row, **options) for row in rows]))


def test_checkpointed_activations_give_the_same_gradients(model: LlavaOnevision1_5ForConditionalGeneration) -> None:
    one = document(8, [[1, 4, 4]], seed=9)
    results = []
    model.train()
    for checkpointed in (False, True):
        if checkpointed:
            model.gradient_checkpointing_enable()
        model.zero_grad()
        model(**one).loss.backward()
        results.append({name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None})
    model.gradient_checkpointing_disable()
    model.eval()
    assert model.model.visual.blocks[0].gradient_checkpointing is False
    for name, gradient in results[0].items():
        torch.testing.assert_close(results[1][name], gradient, atol=1e-6, rtol=1e-5)


def test_a_batch_of_text_runs_the_tower_when_ranks_must_agree(model: LlavaOnevision1_5ForConditionalGeneration) -> None:
    text = document(8, [], seed=10)
    model.zero_grad()
    expected = model(**text)
    model.model.always_run_vision = True
    found = model(**text)
    model.model.always_run_vision = False
    assert torch.equal(found.logits, expected.logits)
    found.loss.backward()
    for name, parameter in model.model.visual.named_parameters():
        assert parameter.grad is not None and not parameter.grad.any(), name


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"pixel_values": None, "image_grid_thw": None}, "5 image placeholder tokens for 0"),
        ({"image_grid_thw": None}, "goes with image_grid_thw"),
        ({"pixel_values": torch.zeros(16, 588), "image_grid_thw": torch.tensor([[1, 4, 4]])}, "5 image .* for 4"),
        ({"input_ids": None}, "either input_ids or inputs_embeds"),
        ({"input_ids": torch.tensor([[1, VIDEO, *[IMAGE] * 5]])}, "1 video placeholder tokens for 0"),
        ({"input_ids": None, "inputs_embeds": torch.zeros(1, 3, 32)}, "pixels need input_ids"),
    ],
)
def test_bad_batches(model: LlavaOnevision1_5ForConditionalGeneration, change: dict[str, Any], message: str) -> None:
    batch = _without(document(8, [[1, 4, 4], [1, 2, 2]], seed=11), "labels")
    model(**batch)
    with pytest.raises(BatchError, match=message):
        model(**batch | change)


def test_the_merger_must_end_at_the_text_models_width() -> None:
    config = LlavaOnevision1_5Config(vision_config=RICE | {"text_hidden_size": 40}, text_config=TEXT)
    with pytest.raises(ModelConfigError, match=r"text_hidden_size is 40.*hidden_size is 32"):
        LlavaOnevision1_5ForConditionalGeneration(config)


def _without(batch: dict[str, torch.Tensor], key: str) -> dict[str, torch.Tensor]:
    return {name: value for name, value in batch.items() if name != key}
