from __future__ import annotations

from transforms.batching import batched


def test_the_last_batch_is_shorter_and_none_is_empty() -> None:
    assert list(batched(range(5), 2)) == [[0, 1], [2, 3], [4]]
    assert list(batched(range(4), 2)) == [[0, 1], [2, 3]]
    assert list(batched([], 2)) == []
