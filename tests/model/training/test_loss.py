"""The chunked loss equals the plain one, value and gradients; and the joined step equals the model's own loss."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from hypothesis import given, settings
from hypothesis import strategies as st

from model.training.loss import chunked_cross_entropy, find_targets
from model.training.loss_module import LossModule, MicroBatch
from tests.model.architecture.test_documents import packed
from tests.model.tiny import tiny_model


@settings(max_examples=25, deadline=None)
@given(targets=st.integers(0, 20), chunk=st.integers(1, 25), seed=st.integers(0, 1000))
def test_chunked_equals_plain(targets: int, chunk: int, seed: int) -> None:
    torch.manual_seed(seed)
    hidden, head = torch.randn(targets, 6, requires_grad=True), torch.randn(11, 6, requires_grad=True)
    wanted = torch.randint(0, 11, (targets,))
    F.cross_entropy(hidden @ head.T, wanted, reduction="sum").mul(0.3).backward()
    assert hidden.grad is not None and head.grad is not None
    expected = hidden.grad.clone(), head.grad.clone()
    hidden.grad = head.grad = None
    chunked_cross_entropy(hidden, head, wanted, chunk).mul(0.3).backward()
    torch.testing.assert_close((hidden.grad, head.grad), expected, atol=1e-6, rtol=1e-5)


def test_a_frozen_head_gets_no_gradient() -> None:
    hidden, head = torch.randn(5, 6, requires_grad=True), torch.randn(11, 6)
    chunked_cross_entropy(hidden, head, torch.arange(5), 2).backward()
    assert hidden.grad is not None and head.grad is None


def test_bfloat16_is_summed_in_float32() -> None:
    """A head's gradient over 64 chunks keeps the precision of one product."""
    torch.manual_seed(0)
    hidden, wanted = torch.randn(512, 16), torch.randint(0, 32, (512,))
    head = (torch.randn(32, 16) / 4).requires_grad_()
    (exact,) = torch.autograd.grad(chunked_cross_entropy(hidden, head, wanted, 512), head)
    half = head.detach().bfloat16().requires_grad_()
    (found,) = torch.autograd.grad(chunked_cross_entropy(hidden.bfloat16(), half, wanted, 8), half)
    assert (found.float() - exact).abs().max() < 0.004 * exact.abs().max()  # twice what half a bfloat16's last bit is


def test_targets_are_the_next_tokens_of_their_own_document() -> None:
    labels = torch.tensor([[-100, 1, 2, 3, 4, -100], [5, 6, -100, 8, -100, 10]])
    places, targets = find_targets(labels, torch.tensor([0, 3, 6, 9, 12]))
    assert places.tolist() == [0, 1, 3, 6, 10] and targets.tolist() == [1, 2, 4, 6, 10]


@pytest.mark.parametrize("moe", [False, True], ids=["dense", "experts"])
def test_the_step_has_the_loss_and_gradients_of_the_model(moe: bool) -> None:
    model = tiny_model(moe=moe).train()
    model.model.language_model.config.output_router_logits = moe
    batch = packed()
    plain = model(**batch, output_router_logits=moe).loss if moe else model(**batch).loss
    plain.backward()
    expected = {name: parameter.grad.clone() for name, parameter in model.named_parameters()}
    model.zero_grad()
    part = MicroBatch.of({**batch, "keys": ["one"]})  # type: ignore[typeddict-item]
    loss, total = LossModule(model, 5)(
        **part.arguments(torch.device("cpu")), step_targets=len(part.targets), step_parts=1
    )
    loss.backward()
    torch.testing.assert_close(loss, plain)
    assert moe or torch.isclose(total / len(part.targets), plain)
    for name, parameter in model.named_parameters():
        torch.testing.assert_close(parameter.grad, expected[name], atol=1e-5, rtol=1e-4)
