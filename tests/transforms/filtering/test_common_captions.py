"""Captions counted over shards, against a count one by one."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.filtering.common_captions import caption_hashes, count_captions, find_common, split_captions

_captions = st.one_of(st.none(), st.sampled_from(["", "a", "b", "c", "d", "狗"]))


@settings(deadline=None)
@given(st.lists(st.lists(_captions, max_size=8), min_size=1, max_size=4), st.integers(1, 4), st.integers(1, 5))
def test_what_is_common_is_found_in_every_shard_that_holds_it(
    shards: list[list[str | None]], most: int, partitions: int
) -> None:
    parts: dict[int, list[np.ndarray]] = {}
    for number, captions in enumerate(shards):
        for part, counted in split_captions(count_captions(number, pa.array(captions, pa.string())), partitions):
            parts.setdefault(part, []).append(counted)
    found: dict[int, set[int]] = {}
    for pieces in parts.values():
        for number, hashes in find_common(pieces, most):
            found.setdefault(number, set()).update(hashes.tolist())
    images = Counter(caption for captions in shards for caption in captions if caption is not None)
    for number, captions in enumerate(shards):
        texts = sorted({caption for caption in captions if caption is not None and images[caption] > most})
        assert found.get(number, set()) == set(caption_hashes(pa.array(texts, pa.string())).tolist())


def test_a_caption_comes_once_a_shard() -> None:
    (counted,) = count_captions(3, pa.array(["a"] * 1000))
    assert (counted["shard"], counted["images"]) == (3, 1000)
