from __future__ import annotations

import pytest

from transforms.balancing.corpus_size import CorpusSize


@pytest.mark.parametrize(
    ("shards", "groups"),
    [(1, ()), (500, ()), (501, (24,)), (12_000, (24,)), (12_001, (576, 24)), (10**6, (13_824, 576, 24))],
)
def test_many_shards_are_added_up_in_groups(shards: int, groups: tuple[int, ...]) -> None:
    assert CorpusSize(shards).groups == groups
