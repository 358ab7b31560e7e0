"""Where segments lie, what refuses to be attended to, and the masks that generation needs."""

from __future__ import annotations

import pytest
import torch

from model.architecture.attention import packed_attention, packed_mask, segments_at, segments_of
from model.errors import BatchError


def test_boundaries_and_the_longest_segment() -> None:
    segments = segments_of(torch.tensor([3, 5, 1]), "cpu")
    assert segments["cu_seq_lens_q"].tolist() == segments["cu_seq_lens_k"].tolist() == [0, 3, 8, 9]
    assert segments["cu_seq_lens_q"].dtype == torch.int32
    assert (segments["max_length_q"], segments["max_length_k"]) == (5, 5)
    empty = segments_of(torch.tensor([], dtype=torch.int64), "cpu")
    assert (empty["cu_seq_lens_q"].tolist(), empty["max_length_q"]) == ([0], 0)
    found = segments_at(segments["cu_seq_lens_q"])
    assert (found["max_length_q"], found["cu_seq_lens_k"].tolist()) == (5, [0, 3, 8, 9])
    assert segments_at(segments["cu_seq_lens_q"], 7)["max_length_k"] == 7


@pytest.mark.parametrize("boundaries", [[0, 3], [0, 3, 9], [1, 8]])
def test_segments_that_do_not_span_the_batch(boundaries: list[int]) -> None:
    states = torch.randn(1, 2, 8, 4)
    segments = segments_at(torch.tensor(boundaries, dtype=torch.int32))
    with pytest.raises(BatchError, match=f"span tokens {boundaries[0]} to {boundaries[-1]}, the batch has 8"):
        packed_attention(torch.nn.Module(), states, states, states, None, is_causal=True, **segments)


def test_boundaries_that_fall() -> None:
    states = torch.randn(1, 2, 8, 4)
    segments = segments_at(torch.tensor([0, 6, 4, 8], dtype=torch.int32))
    with pytest.raises(BatchError, match=r"boundaries of segments fall: \[0, 6, 4, 8\]"):
        packed_attention(torch.nn.Module(), states, states, states, None, is_causal=True, **segments)


@pytest.mark.parametrize("scaling", [None, 0.05])
@pytest.mark.parametrize("asked", [True, False])
def test_scale_and_cause_are_those_asked_for(scaling: float | None, asked: bool) -> None:
    """What is asked for goes before what the module says of itself; each segment against plain softmax."""
    torch.manual_seed(0)
    query, key, value = torch.randn(3, 1, 2, 6, 4).unbind()
    module = torch.nn.Module()
    module.is_causal = not asked  # type: ignore[assignment]
    segments = segments_of(torch.tensor([4, 2]), "cpu")
    output, weights = packed_attention(module, query, key, value, None, scaling=scaling, is_causal=asked, **segments)
    assert weights is None and output.shape == (1, 6, 2, 4)
    for begin, end in ((0, 4), (4, 6)):
        scores = query[0, :, begin:end] @ key[0, :, begin:end].transpose(1, 2) * (scaling or 0.5)
        if asked:
            scores = scores.masked_fill(torch.ones(end - begin, end - begin).triu(1).bool(), -torch.inf)
        expected = scores.softmax(-1) @ value[0, :, begin:end]
        torch.testing.assert_close(output[0, begin:end], expected.transpose(0, 1), atol=1e-5, rtol=1e-4)


def test_no_mask_but_for_padding_or_a_cache() -> None:
    assert packed_mask(1, 5, 5) is None
    padding = torch.tensor([[False, True, True, True, True]])
    with_padding = packed_mask(1, 5, 5, padding)
    assert with_padding is not None and with_padding.shape == (1, 1, 5, 5) and not with_padding[..., 0].any()
    with_cache = packed_mask(1, 2, 5, q_offset=3)
    assert with_cache is not None
    assert with_cache[0, 0].tolist() == [[True, True, True, True, False], [True] * 5]


@pytest.mark.parametrize("asked", [True, False])
def test_without_segments_it_is_asked_for_likewise(asked: bool) -> None:
    states = torch.randn(1, 2, 6, 4, generator=torch.Generator().manual_seed(0))
    module = torch.nn.Module()
    module.is_causal = not asked  # type: ignore[assignment]
    output, _ = packed_attention(module, states, states, states, None, is_causal=asked)
    expected = torch.nn.functional.scaled_dot_product_attention(states, states, states, is_causal=asked)
    torch.testing.assert_close(output, expected.transpose(1, 2), atol=1e-6, rtol=1e-5)
