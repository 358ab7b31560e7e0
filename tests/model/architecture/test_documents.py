"""Packed documents equal documents one by one: logits, loss, gradients; each known way to mix them is refused."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from transformers import DataCollatorWithFlattening, DynamicCache

from model.architecture.attention import packed_attention, segments_of
from model.architecture.documents import document_positions, find_documents
from model.architecture.modeling import LlavaOnevision1_5ForConditionalGeneration
from model.errors import BatchError
from tests.model.tiny import document, tiny_model

DOCUMENTS = [
    document(9, [[1, 4, 4], [1, 2, 6]], seed=1),
    document(5, [], seed=2),
    document(12, [[1, 2, 2]], seed=3),
    document(4, [], seed=4),
]
LENGTHS = torch.tensor([one["input_ids"].shape[1] for one in DOCUMENTS])


@pytest.fixture(scope="module", params=[False, True], ids=["dense", "experts"])
def model(request: pytest.FixtureRequest) -> LlavaOnevision1_5ForConditionalGeneration:
    return tiny_model(moe=request.param)


def packed(rows: int = 1) -> dict[str, Any]:
    """The documents end to end in one row, or two to a row with padding at the end of the shorter."""
    batch: dict[str, Any] = {
        key: torch.cat([one[key] for one in DOCUMENTS if key in one]) for key in ("pixel_values", "image_grid_thw")
    }
    lengths = LENGTHS
    for key, filler in (("input_ids", 0), ("labels", -100)):
        flat = [one[key][0] for one in DOCUMENTS]
        if rows == 1:
            batch[key] = torch.cat(flat)[None]
            continue
        pair = [torch.cat(flat[:2]), torch.cat(flat[2:])]
        batch[key] = torch.nn.utils.rnn.pad_sequence(pair, batch_first=True, padding_value=filler)
    if rows == 2:
        tail = int(LENGTHS[:2].sum() - LENGTHS[2:].sum())
        assert tail > 0
        lengths = torch.cat((LENGTHS, torch.tensor([tail])))
    return batch | {key: value for key, value in segments_of(lengths, "cpu").items() if key.endswith("_q")}


def gradients(model: LlavaOnevision1_5ForConditionalGeneration) -> dict[str, torch.Tensor]:
    found = {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}
    model.zero_grad()
    return found


@pytest.mark.parametrize("rows", [1, 2])
def test_packed_equals_unpacked(model: LlavaOnevision1_5ForConditionalGeneration, rows: int) -> None:
    targets = sum(int((one["labels"][:, 1:] != -100).sum()) for one in DOCUMENTS)
    model.zero_grad()
    single = [model(**one, num_items_in_batch=targets) for one in DOCUMENTS]
    loss = torch.stack([output.loss for output in single]).sum()
    loss.backward()
    expected = gradients(model)
    together = model(**packed(rows))
    together.loss.backward()
    found = gradients(model)
    logits = together.logits.flatten(0, 1)
    torch.testing.assert_close(
        logits[: LENGTHS.sum()], torch.cat([output.logits[0] for output in single]), atol=5e-5, rtol=1e-4
    )
    torch.testing.assert_close(together.loss, loss, atol=1e-5, rtol=1e-5)
    assert expected.keys() == found.keys() == dict(model.named_parameters()).keys()
    for name, gradient in expected.items():
        torch.testing.assert_close(found[name], gradient, atol=2e-4, rtol=1e-3, msg=lambda m, n=name: f"{n}: {m}")


def test_no_document_foretells_the_next(model: LlavaOnevision1_5ForConditionalGeneration) -> None:
    """With every token a target, the mean is over all but each document's first."""
    batch = packed()
    batch["labels"] = batch["input_ids"]
    together = model(**batch).loss
    total = sum(model(**(one | {"labels": one["input_ids"]}), num_items_in_batch=1).loss for one in DOCUMENTS)
    torch.testing.assert_close(together, total / (LENGTHS - 1).sum(), atol=1e-5, rtol=1e-5)


@torch.no_grad()
@pytest.mark.parametrize("implementation", ["packed", "sdpa", "eager"])
def test_paths_of_the_cpu_agree(implementation: str) -> None:
    expected = tiny_model()(**packed()).logits
    model = tiny_model(attn_implementation=implementation)
    assert model.model.language_model.config._attn_implementation == implementation
    torch.testing.assert_close(model(**packed()).logits, expected, atol=5e-5, rtol=1e-4)
    torch.testing.assert_close(
        model(**packed(rows=2)).logits[0], expected[0, : LENGTHS[:2].sum()], atol=5e-5, rtol=1e-4
    )


@torch.no_grad()
def test_positions_that_restart_are_documents_with_any_default_of_the_cache() -> None:
    """In transformers' Qwen3 this mixes documents, as the configuration's use_cache is true."""
    model = tiny_model()
    batch = packed()
    expected = model(**batch).logits
    cu_seq_lens = batch.pop("cu_seq_lens_q")
    del batch["max_length_q"]
    positions = document_positions(cu_seq_lens, (1, int(LENGTHS.sum())))
    for use_cache in (None, False):
        found = model(**batch, position_ids=positions, use_cache=use_cache)
        assert torch.equal(found.logits, expected) and found.past_key_values is None
    assert (model(**batch).logits - expected).abs().max() > 0.1, "one long document would be another thing"


@torch.no_grad()
def test_the_flattening_collator_of_transformers() -> None:
    model = tiny_model()
    collate = DataCollatorWithFlattening(return_flash_attn_kwargs=True, return_position_ids=True)
    rows = [{"input_ids": one["input_ids"][0].tolist()} for one in DOCUMENTS if "pixel_values" not in one]
    batch = collate(rows)
    expected = [model(input_ids=torch.tensor([row["input_ids"]])).logits[0] for row in rows]
    torch.testing.assert_close(model(**batch).logits[0], torch.cat(expected), atol=5e-5, rtol=1e-4)


def test_the_known_traps_are_errors() -> None:
    model = tiny_model()
    batch = packed()
    ones = torch.ones_like(batch["input_ids"])
    with pytest.raises(BatchError, match="no attention_mask"):
        model(**batch, attention_mask=ones)
    with pytest.raises(BatchError, match="cannot be generated"):
        model(**batch, use_cache=True)
    with pytest.raises(BatchError, match="cannot be generated"):
        model(**batch, past_key_values=DynamicCache(config=model.config.text_config))
    with pytest.raises(BatchError, match=r"ends at .*, the batch has"):
        model(**batch | {"cu_seq_lens_q": batch["cu_seq_lens_q"][:-1]})
    positions = document_positions(batch.pop("cu_seq_lens_q"), (1, int(LENGTHS.sum())))
    with pytest.raises(BatchError, match="no attention_mask"):
        model(**batch, position_ids=positions, attention_mask=ones)
    with pytest.raises(BatchError, match="document numbers"):
        model(**batch, attention_mask=torch.arange(4).repeat_interleave(LENGTHS)[None] + 1)


@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("kv_heads", [2, 4])
def test_attention_sees_its_own_segment(causal: bool, kv_heads: int) -> None:
    """Against one dense mask over the whole, in two rows whose segments differ."""
    torch.manual_seed(0)
    query, key, value = (torch.randn(2, heads, 10, 8) for heads in (4, kv_heads, kv_heads))
    module = torch.nn.Module()
    module.is_causal = causal  # type: ignore[assignment]
    lengths = torch.tensor([3, 7, 1, 1, 8])
    output, _ = packed_attention(module, query, key, value, None, **segments_of(lengths, "cpu"))
    number = torch.arange(5).repeat_interleave(lengths).view(2, 1, 10)
    mask = number.transpose(1, 2) == number
    if causal:
        mask = mask & torch.ones(10, 10).tril().bool()
    expected = torch.nn.functional.scaled_dot_product_attention(
        query, key, value, attn_mask=mask[:, None], enable_gqa=kv_heads != 4
    )
    torch.testing.assert_close(output, expected.transpose(1, 2), atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("options", [{"sliding_window": 4}, {"dropout": 0.1}], ids=["window", "dropout"])
def test_what_packed_attention_lacks_is_refused(options: dict[str, Any]) -> None:
    """Only where there are segments: without them transformers' own attention does both."""
    states = torch.randn(1, 2, 8, 4)
    module = torch.nn.Module()
    module.is_causal = True  # type: ignore[assignment]
    module.train()
    segments = segments_of(torch.tensor([3, 5]), "cpu")
    with pytest.raises(BatchError, match="neither dropout nor sliding windows: set attention_dropout to 0"):
        packed_attention(module, states, states, states, None, **options, **segments)
    output, _ = packed_attention(module, states, states, states, None, sliding_window=None, **segments)
    assert output.shape == (1, 8, 2, 4)
    output, _ = packed_attention(module, states, states, states, None, **options)
    assert output.shape == (1, 8, 2, 4)


def test_without_segments_the_caller_says_what_is_causal() -> None:
    """As transformers calls it, over what the module says of itself."""
    torch.manual_seed(0)
    query, key, value = (torch.randn(1, 2, 6, 8) for _ in range(3))
    module = torch.nn.Module()
    module.is_causal = True  # type: ignore[assignment]
    for causal in (True, False):
        output, _ = packed_attention(module, query, key, value, None, is_causal=causal)
        expected = torch.nn.functional.scaled_dot_product_attention(query, key, value, is_causal=causal)
        torch.testing.assert_close(output, expected.transpose(1, 2), atol=1e-6, rtol=1e-5)


def test_a_mask_may_reach_back_over_a_cache() -> None:
    """Of a mask wider than the batch its end is the batch's."""
    mask = torch.tensor([[0, 0, 1, 1, 1]])
    with pytest.raises(BatchError, match="no attention_mask"):
        find_documents((1, 3), torch.tensor([[4, 5, 0]]), mask, None, False, None, None)
    mask[0, 3] = 0  # the positions begin again where nothing is seen
    assert find_documents((1, 3), torch.tensor([[4, 5, 0]]), mask, None, False, None, None) is None
